/**
 * A witness of one log: cosigns what grew from what it cosigned last, which is on the disk before the cosignature leaves the
 * process. Two notes of one size that differ are kept.
 */
import type { NoteKey } from '../../core/proof/keys.ts';
import { formatSignature } from '../../core/proof/note.ts';
import { cosignText, type SigningKey } from '../../core/proof/signNote.ts';
import { type Asked, isFork, openRequest, type Refusal, refusalOf } from '../../core/proof/witness.ts';
import { appendDurably, readIfThere } from '../files.ts';
import { readKeyFile, readOrMakeKey } from '../signer/keyFile.ts';
import { emptyState, readState, type SignerState, storeState } from '../signer/stateFile.ts';

export interface WitnessTools {
  /** Of one log: more than one after it took a new key. */
  logKeys: NoteKey[];
  key: SigningKey;
  stateFile: string;
  /** Milliseconds since 1970. */
  now(): number;
  /** Told what the log did that no honest log does. */
  warn(text: string): void;
}

/** The line that was signed, with its newline, or why there is none. */
export type WitnessAnswer = { status: 200; line: string } | Refusal;

export interface Witness {
  /** @throws where its state cannot be read or written: nothing is cosigned then */
  answer(body: string): Promise<WitnessAnswer>;
}

/** Two notes of a size are proof enough; a key that leaked may sign any number of them. */
const MOST_EVIDENCE_BYTES = 1024 * 1024;

export function evidenceFile(stateFile: string): string {
  return `${stateFile}.evidence`;
}

export function createWitness(tools: WitnessTools): Witness {
  const { logKeys, key, stateFile, now } = tools;
  const { name: origin } = logKeys[0]!;
  let turn: Promise<unknown> = Promise.resolve();

  // Once in a row: signed checkpoints are public, and a stranger may send one with a bad proof for ever.
  let told = '';
  function tell(text: string): void {
    if (text !== told) tools.warn(text);
    told = text;
  }

  /** Alone with the state from reading to writing it. */
  async function cosign(asked: Asked): Promise<WitnessAnswer> {
    const state = await readState(stateFile, origin);
    if (state === undefined) throw new Error(`there is no state in ${stateFile}`);
    if (isFork(asked.checkpoint, state.checkpoint)) await keepEvidence(tools, asked, state);
    const refusal = refusalOf(asked, state.checkpoint);
    if (refusal?.status === 422) tell(refusal.reason);
    if (refusal) return refusal;
    const { checkpoint, note, text } = asked;
    // The latest checkpoint is public, and may be sent by anybody and any number of times.
    if (checkpoint.size !== state.checkpoint.size || state.note === null)
      await storeState(stateFile, { checkpoint, note });
    return { status: 200, line: formatSignature(cosignText(text, key, Math.floor(now() / 1_000))) };
  }

  return {
    async answer(body) {
      const asked = await openRequest(body, logKeys);
      if ('status' in asked) return asked;
      const answer = turn.then(() => cosign(asked));
      turn = answer.catch(() => {});
      return answer;
    },
  };
}

async function keepEvidence(
  { stateFile, warn }: WitnessTools,
  { note, text }: Asked,
  state: SignerState,
): Promise<void> {
  const file = evidenceFile(stateFile);
  const kept = (await readIfThere(file)) ?? '';
  if (state.note === null || kept.includes(text) || kept.length > MOST_EVIDENCE_BYTES) return;
  warn(`the log has signed two trees of ${state.checkpoint.size} leaves: see ${evidenceFile(stateFile)}`);
  await appendDurably(file, `${state.note}\n${note}\n`);
}

/**
 * The key, made at the first start together with an empty state. A key whose state is lost cosigns nothing: it may have cosigned
 * what the log wants forgotten.
 * @param name of a key that is made
 */
export async function prepareWitness(
  origin: string,
  stateFile: string,
  keyFile: string,
  name: string,
): Promise<SigningKey> {
  const key = await readKeyFile(keyFile, 'cosignature');
  const state = await readState(stateFile, origin);
  if (state === undefined && key !== undefined)
    throw new Error(`${keyFile} is there, and its state ${stateFile} is not: put it back, or begin with a new key`);
  if (state === undefined) await storeState(stateFile, emptyState(origin));
  return key ?? readOrMakeKey(keyFile, name, 'cosignature');
}
