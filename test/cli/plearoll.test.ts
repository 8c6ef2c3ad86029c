/** The command line as a shell has it: help everywhere, and what is not known is refused. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { settings } from '../../src/cli/settings.ts';
import { readVersion } from '../../src/infra/process/version.ts';
import { entryOf, flags } from '../support/processes.ts';
import { openTerminal } from '../support/terminal.ts';

const NAMES = [
  'start',
  'doctor',
  'token',
  'watch',
  'verify',
  'backup',
  'restore',
  'witness',
  'job',
  'migrate',
  'settings',
];

let entry: string;
let home: string;
beforeAll(async () => {
  entry = await entryOf('src/cli/plearoll.js');
  home = mkdtempSync(join(tmpdir(), 'plearoll-cli-'));
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

function plearoll(...args: string[]) {
  const { PATH = '' } = process.env;
  return spawnSync(process.execPath, [...flags, entry, ...args], {
    env: { PATH, PLEAROLL_HOME: home },
    encoding: 'utf8',
  });
}

test('--help says what each subcommand does, and --version which it is', () => {
  const { status, stdout } = plearoll('--help');
  expect(status).toBe(0);
  for (const name of NAMES) expect(stdout).toMatch(new RegExp(`^  ${name} +\\S.+[.]$`, 'm'));
  expect(plearoll('--version').stdout).toBe(`${readVersion()}\n`);
});

test.each([[[]], [['brew']], [['toString']]])('%j ends with 2 and the usage', (args) => {
  expect(plearoll(...args)).toMatchObject({
    status: 2,
    stdout: '',
    stderr: expect.stringContaining('usage: plearoll'),
  });
});

test('start refuses a flag that it does not know, and starts nothing', () => {
  const { status, stderr } = plearoll('start', '--demmo');
  expect({ status, stderr }).toEqual({ status: 3, stderr: expect.stringContaining('usage: plearoll start [--demo]') });
  expect(existsSync(join(home, 'plearoll.lock'))).toBe(false);
});

test('settings prints the page of all settings, or writes it', async () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/settings.md'), 'utf8');
  const [printing, writing] = [openTerminal(), openTerminal()];
  expect([await settings.run([], printing), printing.said()]).toEqual([0, page]);
  const file = join(home, 'settings.md');
  expect([await settings.run(['--write', file], writing), writing.said()]).toEqual([0, '']);
  expect(readFileSync(file, 'utf8')).toBe(page);
});
