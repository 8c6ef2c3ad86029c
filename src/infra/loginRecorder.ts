/**
 * Notes of login sessions when they were seen, on which devices and in which networks: once a minute for each at most, many
 * in one statement, and never while a request waits. Where Postgres is away the oldest are dropped: they are seen again.
 */
import { createHmac } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { type Actor, homeOf, type SeenFrom } from '../core/definitions/actor.ts';
import type { Queryable } from '../core/sql/queryable.ts';
import { limitKey } from './addresses.ts';
import { gather } from './gathering.ts';
import type { Locate, Located } from './geoIp.ts';
import type { Log } from './telemetry/log.ts';
import { timings } from './timings.ts';

/** What a request shows of where it comes from. */
export interface Whereabouts {
  user_agent?: string | undefined;
  fingerprint: string;
  address: string | undefined;
}

/** The same, with the place, which is undefined where nobody knows it. */
export interface Marks extends SeenFrom {
  place: Located | undefined;
}

export interface LoginRecorder {
  see(actor: Actor, from: Whereabouts): void;
  marksOf(from: Whereabouts): Marks;
  /** Notes what was seen last. */
  close(): Promise<void>;
}

interface Sighting extends Marks {
  id: string;
  user_id: string;
  institution_id: string | null;
  expires_at: number;
  /** By the monotonic clock. */
  seen_at: number;
}

const AGAIN_AFTER_MS = 60_000;
const MOST_WAITING = 5_000;
const AT_ONCE = 500;
/** Of what a client writes of itself: what is behind is not looked at. */
const MOST_LETTERS = 512;
const MARK_DIGITS = 32;

const NOTE = { name: 'note-logins', text: 'select note_logins($1::jsonb)' };

const MOST_PLACES = 20;

// In the order of keys, so that no two processes wait for each other.
const LOCATE = {
  name: 'note-login-locations',
  text: `
    insert into login_locations as k (login_id, latitude_tenths, longitude_tenths, first_seen, last_seen)
    select c.id, c.latitude_tenths, c.longitude_tenths, c.seen_at, c.seen_at
    from (
      select n.*, row_number() over (partition by n.id order by n.latitude_tenths, n.longitude_tenths) as place
      from (
        select distinct on (s.id, s.latitude_tenths, s.longitude_tenths) s.id, s.latitude_tenths, s.longitude_tenths,
          clock_timestamp() - s.age_ms * interval '1 millisecond' as seen_at
        from jsonb_to_recordset($1::jsonb) as s (id uuid, user_id uuid, latitude_tenths smallint, longitude_tenths smallint, age_ms float8)
        where exists (select from logins l where l.id = s.id and l.user_id = s.user_id)
        order by s.id, s.latitude_tenths, s.longitude_tenths, s.age_ms) n) c
    where c.place <= ${MOST_PLACES}
      and (exists (select from login_locations p where (p.login_id, p.latitude_tenths, p.longitude_tenths) = (c.id, c.latitude_tenths, c.longitude_tenths))
        or (select count(*) from login_locations p where p.login_id = c.id) < ${MOST_PLACES})
    order by c.id, c.latitude_tenths, c.longitude_tenths
    on conflict (login_id, latitude_tenths, longitude_tenths) do update set last_seen = greatest(k.last_seen, excluded.last_seen)`,
};

export interface RecorderOptions {
  /** Of role `door`, or of `relay`, which locates nobody. */
  db: Queryable;
  /** That APIs and relays share: no table tells what a device or a network is called. */
  secret: string;
  locate?: Locate;
  log: Log;
}

export function createLoginRecorder({ db, secret, locate, log }: RecorderOptions): LoginRecorder {
  const recent = new LRUCache<string, true>({ max: MOST_WAITING, ttl: AGAIN_AFTER_MS });
  /** One place sends many requests, and its marks are asked for with each of them. */
  const known = new LRUCache<string, Marks>({ max: MOST_WAITING });
  const waiting = gather<Sighting>({
    ...{ most: MOST_WAITING, drops: 'oldest', at_once: AT_ONCE, ...timings.logins },
    joined: (_, newer) => newer,
    store: noteAll,
    failed: (err) => log.debug({ err }, 'noting login sessions failed; they wait'),
  });

  const markOf = (...parts: string[]) =>
    createHmac('sha256', secret).update(parts.join('\n')).digest('hex').slice(0, MARK_DIGITS);

  function marksOf(from: Whereabouts): Marks {
    const key = [from.address, ...shown(from)].join('\n');
    const found = known.get(key);
    if (found) return found;
    const marks = reckoned(from);
    known.set(key, marks);
    return marks;
  }

  function reckoned(from: Whereabouts): Marks {
    const [network, agent, browser] = partsOf(from);
    const marks = { device: markOf('device', agent, browser), network: markOf('network', network) };
    return { ...marks, place: locate?.(from.address) };
  }

  function see(actor: Actor, from: Whereabouts): void {
    if (!actor.login) return;
    const { id, expires_at } = actor.login;
    const key = [id, ...partsOf(from)].join('\n');
    if (recent.has(key)) return;
    recent.set(key, true);
    waiting.add(key, {
      ...{ id, user_id: actor.id, institution_id: homeOf(actor), expires_at },
      ...{ seen_at: performance.now(), ...marksOf(from) },
    });
    waiting.later(timings.logins.gather_ms);
  }

  async function noteAll(portion: [string, Sighting][]): Promise<void> {
    const located = portion.flatMap(([, one]) => (one.place ? [{ ...rowOf(one), ...one.place }] : []));
    await db.query({ ...NOTE, values: [JSON.stringify(portion.map(([, one]) => rowOf(one)))] });
    if (located.length > 0) await db.query({ ...LOCATE, values: [JSON.stringify(located)] });
  }

  return { see, marksOf, close: waiting.close };
}

function partsOf(from: Whereabouts): [network: string, agent: string, browser: string] {
  return [networkOf(from.address), ...shown(from)];
}

/** By the client itself. */
function shown({ user_agent = '', fingerprint }: Whereabouts): [agent: string, browser: string] {
  return [user_agent.slice(0, MOST_LETTERS), fingerprint.slice(0, MOST_LETTERS)];
}

/** Ages, not instants: clocks differ. */
function rowOf({ seen_at, expires_at, place: _, ...one }: Sighting) {
  return { ...one, age_ms: performance.now() - seen_at, expires_at: new Date(expires_at * 1_000).toISOString() };
}

/** A customer's neighbourhood, which stays when the address is given anew: 24 bits of IPv4, 64 of IPv6. */
function networkOf(address: string | undefined): string {
  const known = limitKey(address);
  return known.includes(':') ? known : known.replace(/\.\d+$/, '.0/24');
}
