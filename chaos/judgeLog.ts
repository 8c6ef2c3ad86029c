/**
 * Is the log what a log is? Judged from its rows, from the checkpoints in the database and from those that left it, with a
 * tree made here from RFC 6962 alone. Pure; what is wrong is said in sentences.
 */
import { createHash } from 'node:crypto';

export interface LeafRow {
  index: number;
  stream: string;
  sequence: number;
  /** Null where there is no such event. */
  event_hash: string | null;
}

/** A tree that was signed, its root in hex. */
export interface Signed {
  size: number;
  root: string;
}

export interface StoredLog {
  /** By index. */
  leaves: LeafRow[];
  /** By size. */
  checkpoints: Signed[];
  /** What a sink was given, in order. */
  delivered: Signed[];
  events: number;
}

/** @returns every promise that was broken */
export function judgeLog({ leaves, checkpoints, delivered, events }: StoredLog): string[] {
  const faults: string[] = [];
  const last = new Map<string, number>();
  for (const [i, { index, stream, sequence, event_hash }] of leaves.entries()) {
    if (index !== i) faults.push(`leaf ${i} is missing: ${index} stands in its place`);
    if (event_hash === null) faults.push(`leaf ${index} is event ${sequence} of ${stream}, which there is not`);
    if (sequence !== (last.get(stream) ?? 0) + 1)
      faults.push(`leaf ${index} is event ${sequence} of ${stream}, after ${last.get(stream) ?? 0}`);
    last.set(stream, sequence);
  }
  if (leaves.length !== events) faults.push(`of ${events} events ${leaves.length} are in the log`);
  const roots = rootsAt(
    leaves.map(({ event_hash }) => event_hash ?? ''),
    new Set([...checkpoints, ...delivered].map(({ size }) => size)),
  );
  for (const { size, root } of [...checkpoints, ...delivered])
    if (roots.get(size) !== root) faults.push(`another root was signed at ${size} than the leaves give`);
  const signed = checkpoints.at(-1)?.size ?? 0;
  if (signed !== events) faults.push(`of ${events} events ${signed} are under a checkpoint`);
  let before = 0;
  for (const { size } of delivered) {
    if (size < before) faults.push(`a checkpoint of ${size} was delivered after one of ${before}`);
    before = size;
  }
  return faults;
}

const nodeOf = (left: string, right: string) =>
  createHash('sha256').update('\u0001').update(left, 'hex').update(right, 'hex').digest('hex');

/** The root at each of these sizes: full subtrees are kept, the smaller to the right, and joined from the right. */
function rootsAt(leaves: string[], sizes: Set<number>): Map<number, string> {
  const roots = new Map<number, string>([[0, createHash('sha256').digest('hex')]]);
  const full: { leaves: number; hash: string }[] = [];
  for (const [i, hash] of leaves.entries()) {
    full.push({ leaves: 1, hash });
    while (full.length > 1 && full.at(-1)!.leaves === full.at(-2)!.leaves) {
      const [left, right] = full.splice(-2);
      full.push({ leaves: 2 * left!.leaves, hash: nodeOf(left!.hash, right!.hash) });
    }
    if (sizes.has(i + 1))
      roots.set(
        i + 1,
        full.map((one) => one.hash).reduceRight((right, left) => nodeOf(left, right)),
      );
  }
  return roots;
}
