/** A bundle's proof: where its events stand in the log, and the hashes that lead from them to the root of the newest checkpoint. */
import { type Span, subtreesOf } from '../../core/proof/merkle.ts';
import type { Queryable } from '../../core/sql/queryable.ts';
import { readSpanRoots } from '../../integrity/log/tileRows.ts';
import type { BundleProof } from '../../verifier/proofFile.ts';

export interface SealedBundle {
  proof: BundleProof;
  /** The signed note. */
  note: string;
  /** The keys of the log that this server says it has: for comparing, and for nothing else. */
  vkeys: string[];
}

/** An event that erased the payload of an event of the bundle. */
export interface Erasing {
  sequence: number;
  by: { stream: string; sequence: number };
}

/** How many hashes are read of the tiles at once. */
const SPANS_AT_ONCE = 500;

const NEWEST = 'select size, note from log_checkpoints order by size desc limit 1';
const KEYS = `select vkey from log_keys where use = 'log' order by from_size, vkey`;
const LEAVES = `
  select index from log_leaves where stream = $1 and sequence <= $2 and index < $3 order by sequence`;
const ERASING = `
  select e.sequence, l.index from unnest($1::integer[], $2::text[], $3::integer[]) as e (sequence, by_stream, by_sequence)
  join log_leaves l on l.stream = e.by_stream and l.sequence = e.by_sequence
  where l.index < $4 order by e.sequence`;

/** @param last the sequence of the bundle's last event. @returns undefined where there is no checkpoint yet */
export async function readBundleProof(
  db: Queryable,
  stream: string,
  last: number,
  erasing: Erasing[],
): Promise<SealedBundle | undefined> {
  const [checkpoint] = (await db.query<{ size: number; note: string }>(NEWEST)).rows;
  if (!checkpoint) return undefined;
  const { size, note } = checkpoint;
  const leaves = await db.query<{ index: number }>(LEAVES, [stream, last, size]);
  const indexes = leaves.rows.map(({ index }) => index);
  const hashes = await hashesBetween(db, indexes, size);
  const columns = [erasing.map(({ sequence }) => sequence), erasing.map(({ by }) => by.stream)];
  const values = [...columns, erasing.map(({ by }) => by.sequence), size];
  const { rows } = await db.query<{ sequence: number; index: number }>(ERASING, values);
  const erasures: BundleProof['erasures'] = [];
  for (const one of rows) erasures.push({ ...one, hashes: await hashesBetween(db, [one.index], size) });
  const keys = await db.query<{ vkey: string }>(KEYS);
  const vkeys = keys.rows.map(({ vkey }) => vkey);
  const origin = note.slice(0, note.indexOf('\n'));
  return { note, vkeys, proof: { origin, size, leaves: runsOf(indexes), hashes, erasures } };
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

async function hashesBetween(db: Queryable, indexes: number[], size: number): Promise<string[]> {
  const spans: Span[] = [];
  let begin = 0;
  for (const end of [...indexes, size]) {
    for (const { level, index } of subtreesOf({ begin, end })) {
      spans.push({ begin: index * 2 ** level, end: (index + 1) * 2 ** level });
    }
    begin = end + 1;
  }
  const hashes: string[] = [];
  for (let at = 0; at < spans.length; at += SPANS_AT_ONCE) {
    hashes.push(...(await readSpanRoots(db, spans.slice(at, at + SPANS_AT_ONCE))));
  }
  return hashes;
}
