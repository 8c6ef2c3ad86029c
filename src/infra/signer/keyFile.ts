/** Signing keys in files of their own, made where there is none. */
import { randomUUID } from 'node:crypto';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { drawKeyText, parseKeyText, type SigningKey } from '../../core/proof/signNote.ts';

/** @returns undefined where there is no such file. @throws where it holds anything but a key that signs notes */
export async function readKeyFile(file: string): Promise<SigningKey | undefined> {
  const text = await readFile(file, 'utf8').catch((error) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  const key = parseKeyText(text.trim());
  if (key?.algorithm !== 'ed25519') throw new Error(`${file} holds no key that signs notes`);
  return key;
}

/** The key of the file, or of another process that made it meanwhile: a key that is there is never replaced. */
export async function readOrMakeKey(file: string, name: string): Promise<SigningKey> {
  const there = await readKeyFile(file);
  if (there) return there;
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const draft = `${file}.${randomUUID()}`;
  await writeFile(draft, `${drawKeyText(name, 'ed25519')}\n`, { mode: 0o600, flush: true });
  await link(draft, file).catch((error) => {
    if (error.code !== 'EEXIST') throw error;
  });
  await rm(draft);
  return (await readKeyFile(file))!;
}
