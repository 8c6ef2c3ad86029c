/** What holds for every mutation there is, and for the tests of each. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { catalog, commands, problems, systemCommands } from '../../src/modules.ts';
import { met } from '../support/given.ts';

const root = join(import.meta.dirname, '../..');
const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
  .filter((file) => /\bdefine(System|Upload|Guarded|Owned)?Command[<(]/.test(readIfFile(join(root, 'src', file))))
  .filter((file) => !file.startsWith('core'));

function readIfFile(path: string): string {
  return path.endsWith('.ts') ? readFileSync(path, 'utf8') : '';
}

/** The file that defines a command, found by its wire name. */
function fileOf(name: string): string {
  const found = files.filter((file) => readIfFile(join(root, 'src', file)).includes(`name: '${name}'`));
  expect(found).toHaveLength(1);
  return found[0]!;
}

describe('the list of commands', () => {
  test('holds every file that defines one, and nothing else', () => {
    expect([...commands, ...systemCommands].map(({ name }) => fileOf(name)).sort()).toEqual([...files].sort());
  });

  test('has no name and no route twice', () => {
    for (const key of ['name', 'route'] as const) {
      const all = commands.map((command) => command[key]);
      expect(new Set(all).size).toBe(all.length);
    }
  });
});

test('the system keeps its commands to itself: none of them has a route', () => {
  expect(systemCommands.length).toBeGreaterThan(0);
  expect(systemCommands.filter((command) => 'route' in command)).toEqual([]);
});

describe.each(commands.map((command) => [command.name, command] as const))('%s', (_, command) => {
  test('has a route of its kind', () => {
    expect(command.route).toMatch(/^POST (\/:?[a-z_-]+)+$/);
  });
});

const all = [...commands, ...systemCommands];

describe.each(all.map((command) => [command.name, command] as const))('%s', (name, command) => {
  test('is named and described as a command', () => {
    expect(name).toMatch(/^[a-z]+\.[a-z_]+$/);
    expect(command.summary).not.toBe('');
  });

  test('refuses unknown fields', () => {
    expect(command.body.safeParse({ stranger: 1 }).error?.issues).toContainEqual(
      expect.objectContaining({ code: 'unrecognized_keys' }),
    );
  });

  test('is rejected only with codes that exist', () => {
    expect(command.rejects.filter((code) => !(code in problems))).toEqual([]);
    expect(new Set(command.rejects).size).toBe(command.rejects.length);
  });
});

/** A file of the command's own: what is met there is met by what was run, and not by a word in a comment. */
describe.each(all.map((command) => [command.name, command] as const))('the tests of %s', async (name, command) => {
  const file = join(root, 'test', fileOf(name).replace(/\.ts$/, '.test.ts'));
  beforeAll(() => met.clear());
  // A copy of its own: this worker may have run the file before.
  await import(`${file}?met`);

  test('meet each of its rejections and events', () => {
    const types = command.records.map(({ type }) => type);
    const missed = [...command.rejects, ...types].filter((one) => !met.get(name)?.has(one));
    expect(missed).toEqual([]);
  });
});

test('event types are named like an event and belong to one kind of stream', () => {
  for (const [type, { stream }] of catalog.events) {
    expect(type).toMatch(/^[A-Z][A-Z0-9_]{0,49}$/);
    expect(catalog.kinds.get(stream.kind)).toBe(stream);
  }
});
