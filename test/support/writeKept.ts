/**
 * `npm run keep`: writes the OpenAPI document and the list of problems to test/kept, for a test to compare with. Run it
 * when one of them is meant to change, and read the difference: it is what every client will meet.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { keptDocuments } from './keptDocuments.ts';

// From the compiled file, dist/test/support.
const FOLDER = join(import.meta.dirname, '../../../test/kept');

for (const [name, write] of Object.entries(keptDocuments)) {
  await writeFile(join(FOLDER, name), write());
  console.log(`test/kept/${name} is written.`);
}
