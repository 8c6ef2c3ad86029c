/** The client, the fold and the verifier, each as one file for browsers, in dist/client: a step of `npm run build`. Silent where all is well. */
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { rolldown } from 'rolldown';

const ROOT = process.cwd();
const FOLDER = join(ROOT, 'dist/client');
const ENTRIES = {
  'client.js': 'dist/src/client/client.js',
  'fold.js': 'dist/src/fold/fold.js',
  'verifier.js': 'dist/src/verifier/verifyZip.js',
};

await mkdir(FOLDER, { recursive: true });
for (const [name, entry] of Object.entries(ENTRIES)) {
  // package.json names, under `browser`, what browsers take in the place of what only Node has.
  const bundle = await rolldown({ input: join(ROOT, entry), platform: 'browser' });
  const draft = join(ROOT, 'dist', `${name}-${process.pid}`);
  const options = { format: 'esm', minify: true, sourcemap: true, codeSplitting: false } as const;
  await bundle.write({ dir: draft, ...options, entryFileNames: name });
  await bundle.close();
  // A page that loads it meanwhile gets all of the one or all of the other.
  for (const file of [name, `${name}.map`]) await rename(join(draft, file), join(FOLDER, file));
  await rm(draft, { recursive: true });
}
