/**
 * Counts tokens with a bad signature by address: looked at and stored many together, and never while a request waits. Where
 * Postgres is away the oldest addresses are dropped. A good token that has ended, or was revoked, never counts.
 */
import { setImmediate } from 'node:timers/promises';
import type { Queryable } from '../core/sql/queryable.ts';
import { limitKey } from './addresses.ts';
import { gather } from './gathering.ts';
import type { LoginRecorder } from './loginRecorder.ts';
import type { Log } from './telemetry/log.ts';
import { timings } from './timings.ts';
import type { Tokens } from './tokens.ts';

export interface BadSignatures {
  /** To be called with what was refused. Never throws. */
  note(token: string, address: string | undefined): void;
  /** Stores what was counted last. */
  close(): Promise<void>;
}

export interface BadSignaturesOptions {
  /** Role `door` or `relay`. */
  db: Queryable;
  tokens: Pick<Tokens, 'isForged'>;
  /** As whose networks are marked. */
  logins: Pick<LoginRecorder, 'marksOf'>;
  log: Log;
}

interface Refused {
  /** Undefined where it is so long that it is not held, and is none of ours. */
  token: string | undefined;
  from: string;
  count: number;
  /** By the monotonic clock. */
  seen_at: number;
}

type Counted = Omit<Refused, 'token'>;

const MOST_WAITING = 5_000;
const AT_ONCE = 500;
const MOST_REFUSED = 2_000;
const MOST_LETTERS = 8_000_000;
/** What else the process has to do comes in between. */
const LOOKED_AT_ONCE = 20;
/** No header has room for one that is longer. */
const LONGEST = 16_384;

const NOTE = { name: 'note-bad-signatures', text: 'select note_bad_signatures($1::jsonb)' };

export function countBadSignatures({ db, tokens, logins, log }: BadSignaturesOptions): BadSignatures {
  const refused = createRefused();
  const waiting = gather<Counted>({
    ...{ most: MOST_WAITING, drops: 'oldest', at_once: AT_ONCE, ...timings.bad_signatures },
    joined: (older, { count }) => ({ ...older, count: older.count + count }),
    prepare: lookAtAll,
    store: async (portion) => void (await db.query({ ...NOTE, values: [JSON.stringify(portion.map(rowOf))] })),
    failed: (err) => log.debug({ err }, 'counting bad signatures failed; they wait'),
  });

  function note(token: string, from: string | undefined): void {
    if (from === undefined) return;
    refused.add(token, from);
    waiting.later(timings.bad_signatures.gather_ms);
  }

  async function lookAtAll(): Promise<void> {
    let looked = 0;
    for (const [key, { token, ...counted }] of [...refused.all]) {
      refused.drop(key);
      if (token === undefined || (await tokens.isForged(token))) waiting.add(limitKey(counted.from), counted);
      looked += 1;
      if (looked % LOOKED_AT_ONCE === 0) await setImmediate();
    }
  }

  /** An age, not an instant: clocks differ. */
  function rowOf([address, { from, count, seen_at }]: [string, Counted]) {
    const { network } = logins.marksOf({ fingerprint: '', address: from });
    return { address, network, count, age_ms: performance.now() - seen_at };
  }

  return { note, close: waiting.close };
}

/** Tokens that are still to be looked at, by address and token: the latest, as many as there is room for. */
function createRefused() {
  const all = new Map<string, Refused>();
  let letters = 0;

  function add(refused: string, from: string): void {
    const token = refused.length > LONGEST ? undefined : refused;
    const key = token === undefined ? from : `${from} ${token}`;
    const known = all.get(key);
    if (known) known.count += 1;
    else {
      all.set(key, { token, from, count: 1, seen_at: performance.now() });
      letters += key.length;
    }
    while (all.size > MOST_REFUSED || letters > MOST_LETTERS) drop(oldestOf(all));
  }

  function drop(key: string): void {
    if (all.delete(key)) letters -= key.length;
  }

  return { all, add, drop };
}

function oldestOf(map: Map<string, unknown>): string {
  return map.keys().next().value!;
}
