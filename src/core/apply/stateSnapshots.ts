/**
 * Snapshots of states of long streams, so that a worker that takes one cold folds what came since and not all of it. A
 * snapshot is stored under the stream's lock, in the transaction of the batch for which many events had to be folded: what
 * is in memory anyway costs nothing. It is believed where the chain holds the event that it was made at, no more of its
 * payloads were erased since, and its seal is of a key that only workers of the same code have: a row that anybody else
 * wrote or changed is as good as none.
 */
import { createHmac, hash, timingSafeEqual } from 'node:crypto';
import { deserialize, serialize } from 'node:v8';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { Head } from '../definitions/stream.ts';
import type { Queryable } from '../sql/queryable.ts';

export interface Snapshot {
  stream: string;
  head: Pick<Head, 'sequence' | 'event_hash'>;
  state: unknown;
  /** How many payloads of the stream had been erased. */
  erased: number;
}

/** A row of `stream_states`. */
export interface SealedSnapshot {
  stream: string;
  key_id: string;
  sequence: number;
  event_hash: string;
  erased: number;
  state: Buffer;
  seal: Buffer;
}

export interface Snapshots {
  /** The newest of each of these streams that is sound and later than the given event. */
  load(db: Queryable, after: ReadonlyMap<string, number>): Promise<Snapshot[]>;
  /** To be stored by the transaction that has the streams locked. Those that are over its share are left out. */
  seal(snapshots: readonly Snapshot[]): Promise<SealedSnapshot[]>;
}

/** For those that keep no snapshots. */
export const NO_SNAPSHOTS: Snapshots = { load: async () => [], seal: async () => [] };

interface SnapshotOptions {
  /** Secret, and another for each version of the code that folds. Asked for when the first long stream comes. */
  openKey(): Promise<Buffer>;
  /** Told of a row that claims to be of our key and is not. */
  onForged?(stream: string): void;
}

/** Fewer events are folded sooner than a snapshot is read. */
export const LONG = 64;
/** The longer a stream is, the more its snapshot costs: it is renewed when so much of the whole is new. */
const SHARE = 1 / 8;
/** Of one transaction, compressed; a single one may be larger. */
const MOST_BYTES = 1_048_576;
const LARGEST_BYTES = 16 * MOST_BYTES;
const SEAL_BYTES = 32;

export const LOAD = {
  name: 'load-snapshots',
  text: `
    select s.stream, s.sequence, encode(s.event_hash, 'hex') as event_hash, s.erased, s.state, s.seal
    from unnest($1::text[], $2::integer[]) as asked (stream, after)
    join stream_states s on s.stream = asked.stream and s.key_id = $3 and s.sequence > asked.after
    join events e on e.stream = s.stream and e.sequence = s.sequence and e.event_hash = s.event_hash`,
};

const STORE = {
  name: 'store-snapshot',
  text: `
    insert into stream_states (stream, key_id, sequence, event_hash, erased, state, seal)
    values ($1, $2, $3, decode($4, 'hex'), $5, $6, $7)
    on conflict (stream, key_id) do update set sequence = excluded.sequence, event_hash = excluded.event_hash,
      erased = excluded.erased, state = excluded.state, seal = excluded.seal, stored_at = excluded.stored_at`,
};

/** @param folded how many events of a stream of that length had to be folded */
export function isWorthKeeping(folded: number, length: number): boolean {
  return folded >= Math.max(LONG, length * SHARE);
}

export function createSnapshots({ openKey, onForged }: SnapshotOptions): Snapshots {
  let opened: Promise<{ key_id: string; key: Buffer }> | undefined;

  function open(): Promise<{ key_id: string; key: Buffer }> {
    opened ??= openKey().then((key) => ({ key_id: hash('sha256', key).slice(0, 16), key }));
    return opened;
  }

  async function load(db: Queryable, after: ReadonlyMap<string, number>): Promise<Snapshot[]> {
    if (after.size === 0) return [];
    const { key_id, key } = await open();
    const values = [[...after.keys()], [...after.values()], key_id];
    const { rows } = await db.query<SealedSnapshot>({ ...LOAD, values });
    return rows.flatMap((row) => {
      const isOurs = row.seal.length === SEAL_BYTES && timingSafeEqual(row.seal, sealOf(key, row));
      if (!isOurs) onForged?.(row.stream);
      return isOurs ? [snapshotOf(row)] : [];
    });
  }

  async function seal(snapshots: readonly Snapshot[]): Promise<SealedSnapshot[]> {
    const sealed: SealedSnapshot[] = [];
    if (snapshots.length === 0) return sealed;
    const { key_id, key } = await open();
    let bytes = 0;
    for (const { stream, head, state, erased } of snapshots) {
      const packed = deflateRawSync(serialize(state), { level: 1 });
      const { sequence, event_hash } = head;
      const row = { stream, key_id, sequence, event_hash, erased, state: packed };
      if (packed.length > LARGEST_BYTES) continue;
      sealed.push({ ...row, seal: sealOf(key, row) });
      bytes += packed.length;
      if (bytes > MOST_BYTES) break;
    }
    return sealed;
  }

  return { load, seal };
}

/** Inside the transaction that has their streams locked. */
export function storeSnapshots(db: Queryable, sealed: readonly SealedSnapshot[]): Promise<unknown>[] {
  return sealed.map(({ stream, key_id, sequence, event_hash, erased, state, seal }) =>
    db.query({ ...STORE, values: [stream, key_id, sequence, event_hash, erased, state, seal] }),
  );
}

/** Those of every key: what an erasure takes out stands in them. */
export function dropSnapshots(db: Queryable, stream: string): Promise<unknown> {
  return db.query('delete from stream_states where stream = $1', [stream]);
}

function sealOf(key: Buffer, row: Omit<SealedSnapshot, 'seal'>): Buffer {
  const { stream, sequence, event_hash, erased, state } = row;
  const said = `plearoll stream state v1\n${stream}\n${sequence}\n${event_hash}\n${erased}\n`;
  return createHmac('sha256', key).update(said).update(state).digest();
}

function snapshotOf({ stream, sequence, event_hash, erased, state }: SealedSnapshot): Snapshot {
  return { stream, head: { sequence, event_hash }, erased, state: deserialize(inflateRawSync(state)) };
}
