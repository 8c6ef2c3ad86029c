/** Files that are kept to compare with. `npm run keep` writes them; every other run reads them. */
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const TEST = join(import.meta.dirname, '..');
const isKeeping = process.env.KEEP === '1';

/** The kept text of that name, which the run that keeps takes from `now`. */
export async function readKept(path: string, now: () => string): Promise<string> {
  const file = join(TEST, path);
  if (isKeeping) await writeFile(file, now());
  return readFile(file, 'utf8');
}

/** The same of what stays as it was first written, however the code has changed since. */
export async function readRecorded(path: string, now: () => string): Promise<string> {
  const file = join(TEST, path);
  if (isKeeping && !existsSync(file)) await writeFile(file, now());
  return readFile(file, 'utf8');
}
