/** Signs where streams stand, and what verifications found, for readers who keep it: with the head key, which the signer makes and this process only reads. */
import { type HeadNote, headText } from '../../core/proof/headNote.ts';
import { formatNote } from '../../core/proof/note.ts';
import { type SigningKey, signText as signNoteText } from '../../core/proof/signNote.ts';
import type { Log } from '../telemetry/log.ts';
import { readKeyFile } from './keyFile.ts';

export interface HeadSigner {
  /** @returns undefined where this process has no head key: it may be made at any time, and is looked for again */
  sign(head: Omit<HeadNote, 'at'>, at?: Date): Promise<string | undefined>;
  /** The same of any text that ends in a newline. */
  signText(text: string): Promise<string | undefined>;
}

const LOOK_EVERY_MS = 250;

export function createHeadSigner(file: string, log: Pick<Log, 'warn'>): HeadSigner {
  let key: SigningKey | undefined;
  let looking: Promise<void> | undefined;

  async function look(): Promise<void> {
    key = await readKeyFile(file).catch((err) => {
      log.warn({ err }, 'head key unreadable');
      return undefined;
    });
    // While there is none, a crowd of readers has the file looked for once.
    setTimeout(() => {
      looking = undefined;
    }, LOOK_EVERY_MS).unref();
  }

  async function signText(text: string): Promise<string | undefined> {
    looking ??= key ? undefined : look();
    await looking;
    return key && formatNote({ text, signatures: [signNoteText(text, key)] });
  }

  return { signText, sign: (head, at = new Date()) => signText(headText({ ...head, at: at.toISOString() })) };
}
