/** Bundles under a checkpoint of a log that is kept in memory, its tree computed the plain way. */
import { sha256 } from '../../src/core/chain/sha256.ts';
import { checkpointText } from '../../src/core/proof/checkpoint.ts';
import { vkeyOf } from '../../src/core/proof/keys.ts';
import { consistencySpans, merkleRoot, subtreesOf } from '../../src/core/proof/merkle.ts';
import { formatNote } from '../../src/core/proof/note.ts';
import { type SigningKey, signingKey, signText } from '../../src/core/proof/signNote.ts';
import type { BundleProof } from '../../src/verifier/proofFile.ts';
import type { Bundle } from './bundles.ts';

export const ORIGIN = 'plearoll.example/log';
export const logKey = signingKey(ORIGIN, 'ed25519', new Uint8Array(32).fill(7));
/** It has our log's name, and not our key. */
export const thief = signingKey(ORIGIN, 'ed25519', new Uint8Array(32).fill(9));
export const VKEY = vkeyOf(logKey);

/** An event's hash, which is its leaf. */
const leafOf = (envelope: string) => sha256(`\u0000${envelope}`);

/** Leaves of other streams. */
export const otherLeaves = (from: number, count: number) =>
  Array.from({ length: count }, (_, i) => sha256(`other ${from + i}`));

/** The events of the bundle in the log: a few at a time, others between them and around them. */
export function logOf({ events, payloads }: Bundle): string[] {
  return [
    ...otherLeaves(0, 5),
    ...events.slice(0, 4).map(leafOf),
    ...otherLeaves(5, 11),
    ...events.slice(4).flatMap((line, i) => [leafOf(line), ...otherLeaves(100 + 3 * i, i % 3)]),
    ...erasingOf(payloads).map(({ envelope }) => leafOf(envelope)),
    ...otherLeaves(16, 3),
  ];
}

/** The events that erased payloads of the bundle, by the sequence of what they erased. */
function erasingOf(payloads: string[]): { sequence: number; envelope: string }[] {
  const erased = payloads.map((line) => JSON.parse(line)).filter((line) => line.erased);
  return erased.map(({ sequence, by }) => ({ sequence, envelope: by.envelope }));
}

export function noteOf(log: string[], key: SigningKey = logKey, origin = ORIGIN): string {
  const text = checkpointText({ origin, size: log.length, root: merkleRoot(log) });
  return formatNote({ text, signatures: [signText(text, key)] });
}

export const consistencyOf = (log: string[], from: number) =>
  consistencySpans(from, log.length).map(({ begin, end }) => merkleRoot(log.slice(begin, end)));

/** @param indexes of the events' leaves, in their order */
export function proofOf(log: string[], indexes: number[], erasures: { sequence: number; index: number }[] = []) {
  const proof: BundleProof = {
    ...{ origin: ORIGIN, size: log.length, leaves: runsOf(indexes), hashes: between(log, indexes) },
    erasures: erasures.map((one) => ({ ...one, hashes: between(log, [one.index]) })),
  };
  return proof;
}

function runsOf(indexes: number[]) {
  const runs: { index: number; count: number }[] = [];
  for (const index of indexes) {
    const last = runs.at(-1);
    if (last && last.index + last.count === index) last.count += 1;
    else runs.push({ index, count: 1 });
  }
  return runs;
}

function between(log: string[], indexes: number[]): string[] {
  let begin = 0;
  return [...indexes, log.length].flatMap((end) => {
    const subtrees = subtreesOf({ begin, end });
    begin = end + 1;
    return subtrees.map(({ level, index }) => merkleRoot(log.slice(index * 2 ** level, (index + 1) * 2 ** level)));
  });
}

/** The bundle with its proof and checkpoint. @param log has its events */
export function sealed(bundle: Bundle, log = logOf(bundle), key = logKey): Bundle {
  const indexes = bundle.events.map((line) => log.indexOf(leafOf(line))).filter((index) => index >= 0);
  const erasures = erasingOf(bundle.payloads).map(({ sequence, envelope }) => ({
    sequence,
    index: log.indexOf(leafOf(envelope)),
  }));
  const proof = JSON.stringify(proofOf(log, indexes, erasures));
  return { ...bundle, more: { ...bundle.more, 'proof.json': proof, 'checkpoint.note': noteOf(log, key) } };
}
