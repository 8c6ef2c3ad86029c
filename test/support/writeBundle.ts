/** Writes a bundle into a folder, as it is unpacked. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Bundle, filesOf } from './bundles.ts';

export function writeBundle(folder: string, bundle: Bundle): void {
  for (const [name, file] of filesOf(bundle)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), file);
  }
}
