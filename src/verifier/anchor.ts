/**
 * The bundle's events under a checkpoint of the log: signed with a key that was given from outside, and consistent with the
 * checkpoint that was given from outside, where there is one. What is missing leaves it unverified; what does not fit is found.
 */
import { type Checkpoint, isGrowth, parseCheckpoint } from '../core/proof/checkpoint.ts';
import { type NoteKey, parseVkey } from '../core/proof/keys.ts';
import { NoteFault } from '../core/proof/note.ts';
import { openNote } from '../core/proof/openNote.ts';
import { startEventProof } from './eventProof.ts';
import { MAX_PROOF_BYTES, readProof } from './proofFile.ts';
import { type BundleReport, count, type Tally } from './report.ts';
import { type BundleSource, readText } from './source.ts';

/** What the verdict is to rest on. */
export interface Given {
  /** Verifier keys of the log. */
  keys: readonly string[];
  /** A signed note. */
  checkpoint?: string | null;
  /** The hashes by which the log shows that the one checkpoint grew into the other, where their sizes differ. */
  consistency?: readonly string[] | null;
}

export interface Anchor {
  /** @param event_hash as digits, or as bytes that are read at once */
  addEvent(event_hash: string | Uint8Array): void;
  /** The event that erased the payload of this sequence. */
  addErasing(sequence: number, event_hash: string): void;
  end(): BundleReport['anchor'];
}

const MAX_NOTE_BYTES = 65_536;
const NONE: Anchor = { addEvent: () => {}, addErasing: () => {}, end: () => null };

export async function openAnchor(source: BundleSource, given: Given, tally: Tally): Promise<Anchor> {
  const inside = await readText(source, 'checkpoint.note', MAX_NOTE_BYTES);
  const proofText = await readText(source, 'proof.json', MAX_PROOF_BYTES);
  const outside = given.checkpoint ? await openOutside(given.checkpoint, given.keys, tally) : null;
  if (inside === undefined)
    tally.reasons.push('There is no checkpoint in it: the log has not sealed it, or somebody took it out.');
  if (proofText === undefined) tally.reasons.push('There is no proof in it.');
  if (inside === undefined || proofText === undefined || outside === undefined) return NONE;
  const checkpoint = await openCheckpoint(inside, given.keys).catch((fault) => {
    if (!(fault instanceof NoteFault)) throw fault;
    tally.find('checkpoint', { expected: 'a checkpoint signed with your key', got: fault.message });
  });
  const proof = readProof(proofText);
  if (!proof) tally.find('proof', { expected: 'the form of proof.json', got: proofText });
  if (!checkpoint || !proof) return NONE;
  count(tally, 'checkpoints');
  if (proof.size !== checkpoint.size || proof.origin !== checkpoint.origin) {
    const expected = `${checkpoint.origin} ${checkpoint.size}`;
    tally.find('proof', { expected, got: `${proof.origin} ${proof.size}` });
    return NONE;
  }
  if (outside) compare(outside, checkpoint, given.consistency ?? null, tally);
  const proved = startEventProof(proof, checkpoint, tally);
  const anchor = { ...checkpoint, from: outside ? ('outside' as const) : ('bundle' as const) };
  return {
    ...proved,
    end() {
      proved.end();
      return anchor;
    },
  };
}

/** Bundles that are verified one after the other mostly stand under one checkpoint: its signature is looked at once. */
let opened: { note: string; vkeys: string; checkpoint: Checkpoint } | undefined;

/** @throws {NoteFault} */
async function openCheckpoint(note: string, vkeys: readonly string[]): Promise<Checkpoint> {
  const given = JSON.stringify(vkeys);
  if (opened?.note === note && opened.vkeys === given) return opened.checkpoint;
  const checkpoint = await openSigned(
    note,
    vkeys.flatMap((vkey) => parseVkey(vkey) ?? []),
  );
  opened = { note, vkeys: given, checkpoint };
  return checkpoint;
}

/** The origin is the name of the key: no other log's key signs for it. @throws {NoteFault} */
async function openSigned(note: string, keys: NoteKey[]): Promise<Checkpoint> {
  const { text, signed_by } = await openNote(note, keys);
  const checkpoint = parseCheckpoint(text);
  if (signed_by.some(({ name, time }) => name === checkpoint.origin && time === undefined)) return checkpoint;
  throw new NoteFault('unsigned', `no signature of ${checkpoint.origin}`);
}

/** @returns undefined where what was given is none: then there is nothing to compare with */
async function openOutside(note: string, vkeys: readonly string[], tally: Tally): Promise<Checkpoint | undefined> {
  try {
    return await openCheckpoint(note, vkeys);
  } catch (fault) {
    if (!(fault instanceof NoteFault)) throw fault;
    tally.reasons.push(`The checkpoint that you gave is none of this log: ${fault.message}.`);
    return undefined;
  }
}

function compare(outside: Checkpoint, inside: Checkpoint, consistency: readonly string[] | null, tally: Tally): void {
  const [older, newer] = outside.size <= inside.size ? [outside, inside] : [inside, outside];
  if (older.origin !== newer.origin) {
    tally.find('checkpoint', { expected: outside.origin, got: inside.origin });
  } else if (older.size === newer.size) {
    if (older.root === newer.root) return;
    tally.find('checkpoint', { expected: `size ${outside.size}, root ${outside.root}`, got: `root ${inside.root}` });
  } else if (consistency === null) {
    const where = `/integrity/proof/consistency?from=${older.size}&to=${newer.size}`;
    tally.reasons.push(
      `Your checkpoint is of size ${outside.size}, the bundle's of ${inside.size}: give the answer of ${where} with --consistency.`,
    );
  } else if (!isGrowth(older, newer, [...consistency])) {
    const expected = `a log that grew from size ${older.size} to ${newer.size}`;
    tally.find('checkpoint', { expected, got: 'a proof of consistency that proves nothing' });
  } else {
    count(tally, 'consistency');
  }
}
