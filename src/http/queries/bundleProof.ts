/** A bundle's proof: where its events stand in the log, and the hashes that lead from them to the root of the newest checkpoint. */
import { type Span, subtreesOf } from '../../core/proof/merkle.ts';
import type { Queryable } from '../../core/sql/queryable.ts';
import { readSpanRoots } from '../../integrity/log/tileRows.ts';
import type { BundleProof } from '../../verifier/proofFile.ts';

/** The newest checkpoint, and where under it the bundle's events stand. */
export interface Seal {
  size: number;
  /** The signed note. */
  note: string;
  /** The keys of the log that this server says it has: for comparing, and for nothing else. */
  vkeys: string[];
  /** Of the events' leaves, in their order. */
  indexes: number[];
  /** Of each event that erased a payload of the bundle. */
  erasures: { sequence: number; index: number }[];
}

/** An event that erased the payload of an event of the bundle. */
export interface Erasing {
  sequence: number;
  by: { stream: string; sequence: number };
}

/** In a transaction of its own each time: what is signed does not change, and a slow client holds none open. */
export type Read = <T>(read: (db: Queryable) => Promise<T>) => Promise<T>;

/** How many hashes are read of the tiles at once. */
const SPANS_AT_ONCE = 500;
/** Each needs two hashes for each level of the tree at most. */
const ERASURES_AT_ONCE = 10;

const NEWEST = 'select size, note from log_checkpoints order by size desc limit 1';
const KEYS = `select vkey from log_keys where use = 'log' order by from_size, vkey`;
const LEAVES = `
  select index from log_leaves where stream = $1 and sequence <= $2 and index < $3 order by sequence`;
const ERASING = `
  select e.sequence, l.index from unnest($1::integer[], $2::text[], $3::integer[]) as e (sequence, by_stream, by_sequence)
  join log_leaves l on l.stream = e.by_stream and l.sequence = e.by_sequence
  where l.index < $4 order by e.sequence`;

/** @param last the sequence of the bundle's last event. @returns undefined where there is no checkpoint yet */
export async function findSeal(
  db: Queryable,
  stream: string,
  last: number,
  erasing: Erasing[],
): Promise<Seal | undefined> {
  const [checkpoint] = (await db.query<{ size: number; note: string }>(NEWEST)).rows;
  if (!checkpoint) return undefined;
  const { size, note } = checkpoint;
  const leaves = await db.query<{ index: number }>(LEAVES, [stream, last, size]);
  const columns = [erasing.map(({ sequence }) => sequence), erasing.map(({ by }) => by.stream)];
  const values = [...columns, erasing.map(({ by }) => by.sequence), size];
  const { rows: erasures } = await db.query<Seal['erasures'][number]>(ERASING, values);
  const keys = await db.query<{ vkey: string }>(KEYS);
  const vkeys = keys.rows.map(({ vkey }) => vkey);
  return { size, note, vkeys, indexes: leaves.rows.map(({ index }) => index), erasures };
}

/** `proof.json`, a `BundleProof`, in pieces: between the events of a long session stand many hashes. */
export async function* proofText(read: Read, { size, note, indexes, erasures }: Seal): AsyncGenerator<string> {
  const origin = note.slice(0, note.indexOf('\n'));
  const leaves = JSON.stringify(runsOf(indexes));
  yield `{"origin":${JSON.stringify(origin)},"size":${size},"leaves":${leaves},"hashes":[`;
  let comma = '';
  for (const spans of chunksOf(spansBetween(indexes, size), SPANS_AT_ONCE)) {
    const hashes = await read((db) => readSpanRoots(db, spans));
    yield comma + hashes.map((hash) => `"${hash}"`).join();
    comma = ',';
  }
  yield '],"erasures":[';
  comma = '';
  for (const some of chunksOf(erasures, ERASURES_AT_ONCE)) {
    const proofs = await read((db) => proveEach(db, some, size));
    yield comma + proofs.map((proof) => JSON.stringify(proof)).join();
    comma = ',';
  }
  yield ']}';
}

async function proveEach(db: Queryable, some: Seal['erasures'], size: number): Promise<BundleProof['erasures']> {
  const spans = some.map(({ index }) => [...spansBetween([index], size)]);
  const hashes = await readSpanRoots(db, spans.flat());
  return some.map((one, i) => ({ ...one, hashes: hashes.splice(0, spans[i]!.length) }));
}

function* spansBetween(indexes: number[], size: number): Generator<Span> {
  let begin = 0;
  for (const end of [...indexes, size]) {
    for (const { level, index } of subtreesOf({ begin, end })) {
      yield { begin: index * 2 ** level, end: (index + 1) * 2 ** level };
    }
    begin = end + 1;
  }
}

function* chunksOf<T>(all: Iterable<T>, length: number): Generator<T[]> {
  let chunk: T[] = [];
  for (const one of all) {
    chunk.push(one);
    if (chunk.length < length) continue;
    yield chunk;
    chunk = [];
  }
  if (chunk.length > 0) yield chunk;
}

function runsOf(indexes: number[]): BundleProof['leaves'] {
  const runs: BundleProof['leaves'] = [];
  for (const index of indexes) {
    const last = runs.at(-1);
    if (last && last.index + last.count === index) last.count += 1;
    else runs.push({ index, count: 1 });
  }
  return runs;
}
