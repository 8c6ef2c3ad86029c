/** The client as one file for browsers, in dist/client: a step of `npm run build`. It says nothing where all is well. */
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { rolldown } from 'rolldown';

const ROOT = process.cwd();
const FOLDER = join(ROOT, 'dist/client');
const NAMES = ['client.js', 'client.js.map'];

// package.json names, under `browser`, what browsers take in the place of what only Node has.
const bundle = await rolldown({ input: join(ROOT, 'dist/src/client/client.js'), platform: 'browser' });
const draft = join(ROOT, 'dist', `client-${process.pid}`);
await bundle.write({ dir: draft, format: 'esm', minify: true, sourcemap: true });
await bundle.close();
await mkdir(FOLDER, { recursive: true });
// A page that loads it meanwhile gets all of the one or all of the other.
for (const name of NAMES) await rename(join(draft, name), join(FOLDER, name));
await rm(draft, { recursive: true });
