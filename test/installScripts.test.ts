/**
 * What runs on `npm ci`: npm 11 asks package.json which install scripts may run, npm 10 runs them all. The one that
 * would tell its maker about every installation is switched off in the way that it looks at itself.
 */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '..');

test('an installation is reported to nobody, whichever npm makes it', async () => {
  const told: unknown[] = [];
  const maker = createServer((req, res) => {
    told.push(req.url);
    res.end('{}');
  }).listen(0);
  await once(maker, 'listening');
  // It reports at most once a minute, and keeps the time there.
  const TMPDIR = await mkdtemp(join(tmpdir(), 'plearoll-install-'));
  const report = async (root: string) => {
    const { port } = maker.address() as AddressInfo;
    const { PATH, HOME } = process.env;
    const env = { PATH, HOME, TMPDIR, INIT_CWD: root, SCARF_LOCAL_PORT: String(port), SCARF_VERBOSE: 'true' };
    const script = join(ROOT, 'node_modules/@scarf/scarf/report.js');
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [script], { cwd: join(script, '..'), env });
    return stdout + stderr;
  };
  // It gives npm three seconds to say who depends on it; where the machine is busy it is asked again.
  await expect.poll(() => report(ROOT), { timeout: 60_000 }).toMatch(/disabled via a package.json|opted out/);
  expect(told).toEqual([]);
  // Where nobody switched it off the same script does report: the silence above is the setting's.
  const { scarfSettings, ...others } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));
  expect(scarfSettings).toEqual({ enabled: false });
  await writeFile(join(TMPDIR, 'package.json'), JSON.stringify({ ...others, scarfSettings: { skipTraversal: true } }));
  await report(TMPDIR);
  expect(told).not.toEqual([]);
  maker.close();
  await rm(TMPDIR, { recursive: true, force: true });
}, 90_000);
