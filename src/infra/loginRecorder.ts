/**
 * Notes of login sessions when they were seen, on which devices and in which networks: once a minute for each at most, many
 * in one statement, and never while a request waits. Where Postgres is away the oldest are dropped: they are seen again.
 */
import { createHmac } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Actor } from '../core/definitions/actor.ts';
import type { Queryable } from '../core/sql/queryable.ts';
import { waitAtMost } from '../core/withTimeout.ts';
import { limitKey } from './addresses.ts';
import type { Log } from './telemetry/log.ts';
import { timings } from './timings.ts';

/** What a request shows of where it comes from. */
export interface Whereabouts {
  user_agent?: string | undefined;
  fingerprint: string;
  address: string | undefined;
}

export interface LoginRecorder {
  see(actor: Actor, from: Whereabouts): void;
  /** Notes what was seen last. */
  close(): Promise<void>;
}

interface Sighting {
  id: string;
  user_id: string;
  institution_id: string | null;
  expires_at: number;
  device: string;
  network: string;
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

/** @param db of role `door` or `relay`. @param secret that APIs and relays share: no table tells what a device or a network is called */
export function createLoginRecorder({ db, secret, log }: { db: Queryable; secret: string; log: Log }): LoginRecorder {
  const recent = new LRUCache<string, true>({ max: MOST_WAITING, ttl: AGAIN_AFTER_MS });
  const waiting = new Map<string, Sighting>();
  let timer: NodeJS.Timeout | undefined;
  let noting: Promise<void> | undefined;

  function see(actor: Actor, { user_agent = '', fingerprint, address }: Whereabouts): void {
    if (!actor.login) return;
    const { id, expires_at } = actor.login;
    const [agent, browser, place] = [
      user_agent.slice(0, MOST_LETTERS),
      fingerprint.slice(0, MOST_LETTERS),
      networkOf(address),
    ];
    const key = `${id}\n${place}\n${agent}\n${browser}`;
    if (recent.has(key)) return;
    recent.set(key, true);
    const markOf = (...parts: string[]) =>
      createHmac('sha256', secret).update(parts.join('\n')).digest('hex').slice(0, MARK_DIGITS);
    keep(key, {
      ...{ id, user_id: actor.id, expires_at, seen_at: performance.now() },
      // What an admin of its institution is shown is no super_admin's.
      institution_id: actor.role === 'super_admin' ? null : actor.institution_id,
      ...{ device: markOf('device', agent, browser), network: markOf('network', place) },
    });
    later(timings.logins.gather_ms);
  }

  function keep(key: string, sighting: Sighting): void {
    waiting.set(key, sighting);
    if (waiting.size > MOST_WAITING) waiting.delete(waiting.keys().next().value!);
  }

  function later(ms: number): void {
    timer ??= setTimeout(() => {
      timer = undefined;
      noting ??= noteAll().finally(() => {
        noting = undefined;
      });
    }, ms).unref();
  }

  async function noteAll(): Promise<void> {
    while (waiting.size > 0) {
      const batch = [...waiting].slice(0, AT_ONCE);
      try {
        await db.query({ ...NOTE, values: [JSON.stringify(batch.map(([, one]) => rowOf(one)))] });
      } catch (err) {
        log.debug({ err }, 'noting login sessions failed; they wait');
        return later(timings.logins.again_ms);
      }
      for (const [key, one] of batch) if (waiting.get(key) === one) waiting.delete(key);
    }
  }

  async function close(): Promise<void> {
    clearTimeout(timer);
    // So that nothing begins anew.
    timer = setTimeout(() => {}, 0);
    await waitAtMost(noting ?? noteAll(), timings.logins.last_ms);
    clearTimeout(timer);
  }

  return { see, close };
}

/** Ages, not instants: clocks differ. */
function rowOf({ seen_at, expires_at, ...one }: Sighting) {
  return { ...one, age_ms: performance.now() - seen_at, expires_at: new Date(expires_at * 1_000).toISOString() };
}

/** A customer's neighbourhood, which stays when the address is given anew: 24 bits of IPv4, 64 of IPv6. */
function networkOf(address: string | undefined): string {
  const known = limitKey(address);
  return known.includes(':') ? known : known.replace(/\.\d+$/, '.0/24');
}
