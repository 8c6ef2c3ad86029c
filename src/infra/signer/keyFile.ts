/** Signing keys in files of their own, made where there is none. */
import { randomUUID } from 'node:crypto';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Algorithm } from '../../core/proof/keys.ts';
import { drawKeyText, parseKeyText, type SigningKey } from '../../core/proof/signNote.ts';

/** @returns undefined where there is no such file. @throws where it holds anything but a key of this kind: one that signs notes, or a witness's */
export async function readKeyFile(file: string, algorithm: Algorithm = 'ed25519'): Promise<SigningKey | undefined> {
  const text = await readFile(file, 'utf8').catch((error) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
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
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const draft = `${file}.${randomUUID()}`;
  await writeFile(draft, `${drawKeyText(name, algorithm)}\n`, { mode: 0o600, flush: true });
  await link(draft, file).catch((error) => {
    if (error.code !== 'EEXIST') throw error;
  });
  await rm(draft);
  return (await readKeyFile(file, algorithm))!;
}
