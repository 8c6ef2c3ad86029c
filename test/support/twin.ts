/** The check in Python (examples/verify_bundle.py) over many bundles in one process: starting one takes longer than most checks. */
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Bundle } from './bundles.ts';
import { writeBundle } from './writeBundle.ts';

export const TWIN = join(import.meta.dirname, '../../examples/verify_bundle.py');
export const hasPython = spawnSync('python3', ['--version']).status === 0;

/** Prints what the script ends with for each folder, and what it says. */
const EACH = `
import contextlib, io, json, runpy, sys
script, key, *folders = sys.argv[1:]
for folder in folders:
    said, sys.argv = io.StringIO(), [script, folder, key]
    try:
        with contextlib.redirect_stdout(said): runpy.run_path(script, run_name="__main__")
        code = 0
    except SystemExit as end: code = end.code
    except BaseException as fault: code = repr(fault)
    print(json.dumps([code, said.getvalue().strip()]))
`;

/** @param folder of the test's own. @returns for each bundle the exit code and the words; another text where the script fell over */
export function saidByTwin(
  folder: string,
  vkey: string,
  bundles: readonly Bundle[],
): [code: number | string, said: string][] {
  const folders = bundles.map((bundle, i) => {
    const place = join(folder, `bundle-${i}`);
    mkdirSync(place);
    writeBundle(place, bundle);
    return place;
  });
  const { stdout, stderr, status } = spawnSync('python3', ['-c', EACH, TWIN, vkey, ...folders], {
    encoding: 'utf8',
    maxBuffer: 64 * 2 ** 20,
  });
  if (status !== 0) throw new Error(stderr);
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}
