/** The scripts of contributors: what `new` writes compiles and is not done, and psql is opened or what is missing is said. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { newCommand } from '../scripts/newCommand.ts';
import { isEverything } from './support/everything.ts';

const root = join(import.meta.dirname, '..');

describe('a new command', () => {
  const COPIED = [
    'src',
    'jobs',
    'migrations',
    'scripts',
    'test/support',
    'package.json',
    'tsconfig.json',
    'vitest.config.ts',
  ];
  let copy: string;
  let files: string[];

  beforeAll(() => {
    copy = mkdtempSync(join(tmpdir(), 'plearoll-new-'));
    for (const part of COPIED) cpSync(join(root, part), join(copy, part), { recursive: true });
    cpSync(join(root, 'test/court'), join(copy, 'test/court'), {
      recursive: true,
      filter: (path) => !path.endsWith('.ts'),
    });
    symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
    files = newCommand(copy, 'objections/reserveRuling');
  });

  afterAll(() => rmSync(copy, { recursive: true }));

  const run = (script: string, ...args: string[]) =>
    spawnSync(process.execPath, [join(root, 'node_modules', script), ...args], { cwd: copy, encoding: 'utf8' });

  test('is a file, its test and a line in the list of its module', () => {
    const [list, command, itsTest] = files;
    expect([list, command, itsTest]).toEqual([
      'src/court/module.ts',
      'src/court/objections/reserveRuling.ts',
      'test/court/objections/reserveRuling.test.ts',
    ]);
    expect(readFileSync(join(copy, list!), 'utf8')).toMatch(/commands: \[[^\]]*\n {4}reserveRuling,\n {2}\],/);
    const text = readFileSync(join(copy, command!), 'utf8');
    for (const name of ["'ruling.reserve'", 'POST /api/session/:session_id/ruling/reserve', "'RULING_RESERVED'"]) {
      expect(text).toContain(name);
    }
    expect(text).not.toMatch(/noun|verbNoun/i);
  });

  // To compile what it imports takes longer than all other scripts.
  test.runIf(isEverything)(
    'compiles, and its test fails until it decides something',
    () => {
      writeFileSync(
        join(copy, 'tsconfig.new.json'),
        JSON.stringify({ extends: './tsconfig.json', include: [], files }),
      );
      const compiled = run('typescript/bin/tsc', '--noEmit', '-p', 'tsconfig.new.json');
      expect(compiled.stdout + compiled.stderr).toBe('');
      const tried = run('vitest/vitest.mjs', 'run', '--project', 'pure', files[2]!);
      expect(tried.stdout + tried.stderr).toContain('reserveRuling decides nothing yet');
      expect(tried.status).toBe(1);
    },
    240_000,
  );

  test.each([
    ['raiseObjection', 'is not like'],
    ['objections/reserve', 'is not like'],
    ['objections/../../evil', 'is not like'],
    ['appeals/hearAppeal', 'No module has a folder appeals'],
    ['objections/raiseObjection', 'is there already'],
  ])('called %s is refused, and nothing is written', (path, why) => {
    const before = readFileSync(join(copy, 'src/court/module.ts'), 'utf8');
    expect(() => newCommand(copy, path)).toThrow(why);
    expect(readFileSync(join(copy, 'src/court/module.ts'), 'utf8')).toBe(before);
  });
});

describe('psql', () => {
  const psql = (env: Record<string, string>, ...args: string[]) =>
    spawnSync(process.execPath, [join(root, 'dist/src/cli/psql.js'), ...args], { env, encoding: 'utf8' });
  const { PATH = '' } = process.env;
  const isInstalled = spawnSync('psql', ['--version']).status === 0;
  // Not the template of the tests: nobody may be on it while it is cloned.
  const url = Object.assign(new URL(inject('postgresUrl')), { pathname: '/postgres' }).href;

  test.skipIf(!isInstalled)('is opened on the database of DATABASE_URL, with what stands behind --', () => {
    expect(psql({ PATH, DATABASE_URL: url }, '-Atc', 'select 6 * 7')).toMatchObject({ status: 0, stdout: '42\n' });
    expect(psql({ PATH, DATABASE_URL: url }, '-c', 'selekt').status).toBe(1);
  });

  test('says plainly that it is not installed, and no password', () => {
    const { status, stderr } = psql({ PATH: '/nowhere', DATABASE_URL: 'postgres://me:secret@127.0.0.1:1/x' });
    expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringContaining('psql is not installed') });
    expect(stderr).not.toContain('secret');
  });

  test('says plainly that no database runs', () => {
    const { status, stderr } = psql({ PATH, PLEAROLL_HOME: join(tmpdir(), 'plearoll-nowhere') });
    expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringContaining('No Postgres runs in') });
  });
});
