/** A subcommand of the command line: strict about its arguments, with help made from its definition. */
import { readdirSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { defineSubcommand } from '../../src/infra/process/subcommand.ts';
import { openTerminal } from '../support/terminal.ts';

const echo = defineSubcommand({
  name: 'echo',
  summary: 'Says it again.',
  takes: ['<word>', '[times]'],
  options: {
    loud: { type: 'boolean', help: 'in capitals' },
    end: { type: 'string', value: 'E', default: '.', help: 'ends it' },
  },
  exits: { 0: 'done', 7: 'usage' },
  async run({ loud, end }, [word, times = '1'], { out }) {
    out.write((loud ? word!.toUpperCase() : word!).repeat(Number(times)) + end);
    return 0;
  },
});

test.each<[string[], string]>([
  [['a'], 'a.'],
  [['a', '3', '--loud', '--end', '!'], 'AAA!'],
  [['--', '--help'], '--help.'],
])('is given %j as it was defined', async (args, said) => {
  const terminal = openTerminal();
  expect([await echo.run(args, terminal), terminal.said()]).toEqual([0, said]);
});

test.each([[[]], [['a', '1', 'b']], [['a', '--quiet']], [['a', '--end']], [['a', '--loud=yes']]])(
  'refuses %j with its usage and its own exit code, and does nothing',
  async (args) => {
    const terminal = openTerminal();
    expect([await echo.run(args, terminal), terminal.said()]).toEqual([7, '']);
    expect(terminal.complained()).toMatch(/.+\nusage: plearoll echo <word> \[times\] \[--loud\] \[--end E\]\n$/);
  },
);

test('says for --help, wherever it stands, what it takes and what its exit codes mean', async () => {
  const terminal = openTerminal();
  expect(await echo.run(['a', 'b', 'c', '--nonsense', '--help'], terminal)).toBe(0);
  for (const part of ['Says it again.', '--loud', 'ends it', 'exit codes: 0 done, 7 usage']) {
    expect(terminal.said()).toContain(part);
  }
});

test('what runs imports no package that only development installs', () => {
  const root = join(import.meta.dirname, '../..');
  const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const files = ['src', 'jobs', 'migrations'].flatMap((part) =>
    readdirSync(join(root, part), { recursive: true, encoding: 'utf8' }).map((file) => join(root, part, file)),
  );
  const imported = files
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) => [...readFileSync(file, 'utf8').matchAll(/(?:^import[^;]*?from |import\()'([^.'][^']*)'/gm)])
    .map(([, path]) => /^(@[^/]+\/)?[^/]+/.exec(path!)![0])
    .filter((name) => !isBuiltin(name) && !name.startsWith('node:'));
  expect(new Set(imported).size).toBeGreaterThan(10);
  expect(imported.filter((name) => !(name in dependencies))).toEqual([]);
});
