/**
 * Counts tokens with a bad signature by address: looked at and stored many together, and never while a request waits. Where
 * Postgres is away the oldest addresses are dropped. A good token that has ended, or was revoked, never counts.
 */
import { setImmediate } from 'node:timers/promises';
import type { Queryable } from '../core/sql/queryable.ts';
import { waitAtMost } from '../core/withTimeout.ts';
import { limitKey } from './addresses.ts';
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

interface Counted extends Pick<Refused, 'count' | 'seen_at'> {
  network: string;
}

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
  const waiting = new Map<string, Counted>();
  let timer: NodeJS.Timeout | undefined;
  let storing: Promise<void> | undefined;

  function note(token: string, from: string | undefined): void {
    if (from === undefined) return;
    refused.add(token, from);
    later(timings.bad_signatures.gather_ms);
  }

  function later(ms: number): void {
    timer ??= setTimeout(() => {
      timer = undefined;
      storing ??= store().finally(() => {
        storing = undefined;
        if (refused.all.size > 0) later(ms);
      });
    }, ms).unref();
  }

  async function store(): Promise<void> {
    await lookAtAll();
    await storeAll();
  }

  async function lookAtAll(): Promise<void> {
    let looked = 0;
    for (const [key, { token, ...counted }] of [...refused.all]) {
      refused.drop(key);
      if (token === undefined || (await tokens.isForged(token))) add(counted);
      looked += 1;
      if (looked % LOOKED_AT_ONCE === 0) await setImmediate();
    }
  }

  function add({ from, count, seen_at }: Omit<Refused, 'token'>): void {
    const address = limitKey(from);
    const known = waiting.get(address);
    if (known) known.count += count;
    else waiting.set(address, { network: logins.marksOf({ fingerprint: '', address: from }).network, count, seen_at });
    if (waiting.size > MOST_WAITING) waiting.delete(oldestOf(waiting));
  }

  async function storeAll(): Promise<void> {
    while (waiting.size > 0) {
      const batch = [...waiting].slice(0, AT_ONCE);
      for (const [address] of batch) waiting.delete(address);
      try {
        await db.query({ ...NOTE, values: [JSON.stringify(batch.map(rowOf))] });
      } catch (err) {
        log.debug({ err }, 'counting bad signatures failed; they wait');
        for (const [address, counted] of batch) putBack(address, counted);
        return later(timings.bad_signatures.again_ms);
      }
    }
  }

  function putBack(address: string, counted: Counted): void {
    const since = waiting.get(address);
    if (since) since.count += counted.count;
    else if (waiting.size < MOST_WAITING) waiting.set(address, counted);
  }

  /** An age, not an instant: clocks differ. */
  function rowOf([address, { network, count, seen_at }]: [string, Counted]) {
    return { address, network, count, age_ms: performance.now() - seen_at };
  }

  async function close(): Promise<void> {
    clearTimeout(timer);
    // So that nothing begins anew.
    timer = setTimeout(() => {}, 0);
    await waitAtMost((storing ?? Promise.resolve()).then(store), timings.bad_signatures.last_ms);
    clearTimeout(timer);
  }

  return { note, close };
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
