/**
 * Open bans, as a process of the API knows them: read before its port opens, then each second what has changed, and at
 * once where it is announced. Postgres alone is relied on; whatever else keeps bans is told of them.
 */
import type { Queryable } from '../../core/sql/queryable.ts';
import type { Broadcast } from '../broadcast/broadcast.ts';
import { followChannel } from '../broadcast/followChannel.ts';
import type { Log } from '../telemetry/log.ts';

/** The channel that says that bans have changed. */
export const BANS = 'bans';

/** The channel that tells of reports: the author's key, its institution and the reporter. */
export const REPORTS = 'reports';

/** A ban as the door reads it. */
export interface KnownBan {
  id: string;
  owner: string;
  subject: 'key' | 'address';
  value: string;
  rule: string;
  /** How long it lasts yet; null until it is lifted, and 0 where that was done. */
  left_ms: number | null;
}

export interface Bans {
  /** Those of this key or address that last. */
  of(subject: KnownBan['subject'], value: string): KnownBan[];
  /** All that last. */
  all(): KnownBan[];
  close(): void;
}

/** A change is in sight this long after its time: transactions are far shorter. */
const OVERLAP_MS = 60_000;
/** Those that end last are kept; of others Redis knows. Some 60 MiB. */
const MOST = 200_000;

const COLUMNS = `id, owner, subject, value, rule,
  case when lifted_at is not null then 0
    else ceil(extract(epoch from until - clock_timestamp()) * 1000)::float8 end as left_ms`;

const OPEN = {
  name: 'read-open-bans',
  text: `
    select ${COLUMNS} from guard_bans
    where lifted_at is null and (until is null or until > clock_timestamp()) and value is not null
    order by until desc nulls first limit ${MOST}`,
};

// A clock that is compared with directly is asked for each row, and goes by no index.
const CHANGED = {
  name: 'read-changed-bans',
  text: `
    select ${COLUMNS} from guard_bans
    where changed_at > (select clock_timestamp() - $1 * interval '1 millisecond') and value is not null`,
};

interface FollowBans {
  /** Of role `door`. */
  db: Queryable;
  broadcast: Broadcast;
  /** Told of every ban that is new since the first reading, or has another end. */
  onChange(bans: readonly KnownBan[]): void;
  log: Log;
}

/** @throws where the bans cannot be read: no door opens without them */
export async function followBans({ db, broadcast, onChange, log }: FollowBans): Promise<Bans> {
  const known = new Map<string, KnownBan & { ends_at: number }>();
  const byValue = new Map<string, Set<string>>();
  let read_at = performance.now();
  const nameOf = ({ subject, value }: Pick<KnownBan, 'subject' | 'value'>) => `${subject} ${value}`;

  /** @returns those that are new, or have another end */
  function keep(rows: readonly KnownBan[]): KnownBan[] {
    const now = performance.now();
    return rows.filter((ban) => {
      const ends_at = ban.left_ms === null ? Number.POSITIVE_INFINITY : now + ban.left_ms;
      const before = known.get(ban.id);
      if (before === undefined ? ends_at <= now : isSame(before.ends_at, ends_at)) return false;
      if (ends_at <= now) forget(ban);
      else remember({ ...ban, ends_at });
      return true;
    });
  }

  function remember(ban: KnownBan & { ends_at: number }): void {
    known.set(ban.id, ban);
    const ids = byValue.get(nameOf(ban)) ?? new Set();
    byValue.set(nameOf(ban), ids.add(ban.id));
  }

  function forget(ban: KnownBan): void {
    known.delete(ban.id);
    const ids = byValue.get(nameOf(ban));
    ids?.delete(ban.id);
    if (ids?.size === 0) byValue.delete(nameOf(ban));
  }

  function lasting(ban: KnownBan & { ends_at: number }, now: number): KnownBan[] {
    if (ban.ends_at <= now) return [];
    return [{ ...ban, left_ms: ban.left_ms === null ? null : Math.ceil(ban.ends_at - now) }];
  }

  async function readChanged(): Promise<void> {
    const started = performance.now();
    const { rows } = await db.query<KnownBan>({ ...CHANGED, values: [started - read_at + OVERLAP_MS] });
    read_at = started;
    const changed = keep(rows);
    if (changed.length > 0) onChange(changed);
    for (const ban of known.values()) if (ban.ends_at <= started) forget(ban);
  }

  keep((await db.query<KnownBan>(OPEN)).rows);
  const { close } = followChannel({ broadcast, channel: BANS, read: readChanged, log });

  return {
    of(subject, value) {
      const now = performance.now();
      return [...(byValue.get(nameOf({ subject, value })) ?? [])].flatMap((id) => lasting(known.get(id)!, now));
    },
    all() {
      const now = performance.now();
      return [...known.values()].flatMap((ban) => lasting(ban, now));
    },
    close,
  };
}

/** Read twice, one end differs by what the reading took. */
const SAME_WITHIN_MS = 5_000;

function isSame(one: number, other: number): boolean {
  return one === other || Math.abs(one - other) < SAME_WITHIN_MS;
}
