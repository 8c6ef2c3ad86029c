/** The code that this process runs, as one hash: what was computed by other code is not to be taken for the same. */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ALL_OF_IT = fileURLToPath(new URL('../..', import.meta.url));

/** Of all files of `src` by their names, and of the engine that runs them. */
export async function digestCode(folder = ALL_OF_IT): Promise<string> {
  const files = (await readdir(folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && /\.[jt]s$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  const digest = createHash('sha256').update(process.versions.v8);
  for (const file of files) digest.update(`\n${file.slice(folder.length)}\n`).update(await readFile(file));
  return digest.digest('hex');
}
