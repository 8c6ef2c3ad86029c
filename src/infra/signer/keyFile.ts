/** Signing keys in files of their own, made where there is none. */
import type { Algorithm } from '../../core/proof/keys.ts';
import { drawKeyText, parseKeyText, type SigningKey } from '../../core/proof/signNote.ts';
import { makeOnce, readIfThere } from '../files.ts';

/** @returns undefined where there is no such file. @throws where it holds anything but a key of this kind: one that signs notes, or a witness's */
export async function readKeyFile(file: string, algorithm: Algorithm = 'ed25519'): Promise<SigningKey | undefined> {
  const text = await readIfThere(file);
  if (text === undefined) return undefined;
  const key = parseKeyText(text.trim());
  if (key?.algorithm !== algorithm) {
    throw new Error(`${file} holds no key ${algorithm === 'ed25519' ? 'that signs notes' : 'of a witness'}`);
  }
  return key;
}

/** The key of the file, or of another process that made it meanwhile: a key that is there is never replaced. */
export async function readOrMakeKey(file: string, name: string, algorithm: Algorithm = 'ed25519'): Promise<SigningKey> {
  const there = await readKeyFile(file, algorithm);
  if (there) return there;
  await makeOnce(file, `${drawKeyText(name, algorithm)}\n`);
  return (await readKeyFile(file, algorithm))!;
}
