/** Signs where streams stand, for readers who keep it: with the head key, which the signer makes and this process only reads. */
import { type HeadNote, headText } from '../../core/proof/headNote.ts';
import { formatNote } from '../../core/proof/note.ts';
import { type SigningKey, signText } from '../../core/proof/signNote.ts';
import type { Log } from '../telemetry/log.ts';
import { readKeyFile } from './keyFile.ts';

export interface HeadSigner {
  /** @returns undefined where this process has no head key: it may be made at any time, and is looked for again */
  sign(head: Omit<HeadNote, 'at'>, at?: Date): Promise<string | undefined>;
}

export function createHeadSigner(file: string, log: Pick<Log, 'warn'>): HeadSigner {
  let key: SigningKey | undefined;

  return {
    async sign(head, at = new Date()) {
      key ??= await readKeyFile(file).catch((err) => {
        log.warn({ err }, 'head key unreadable');
        return undefined;
      });
      if (key === undefined) return undefined;
      const text = headText({ ...head, at: at.toISOString() });
      return formatNote({ text, signatures: [signText(text, key)] });
    },
  };
}
