/** What the README says of the commands is what the list says. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROLES } from '../src/core/definitions/actor.ts';
import { commands, systemCommands } from '../src/modules.ts';

const readme = readFileSync(join(import.meta.dirname, '../README.md'), 'utf8');
const rows = [...readme.matchAll(/^\| `([a-z]+\.[a-z_]+)` \| `(.+?)` \| (.+?) \| (.+?) \|$/gm)].map(
  ([, name, route, who, records]) => ({
    name,
    route,
    who,
    records,
  }),
);

test('the table names every command with its route', () => {
  expect(rows.map(({ name, route }) => [name, route]).sort()).toEqual(
    commands.map(({ name, route }) => [name, route]).sort(),
  );
});

test('a table names every command of the system, when it is sent and what it records', () => {
  const own = [...readme.matchAll(/^\| `([a-z]+\.[a-z]+)` \| ([^`|]+?) \| ([^|]+?) \|$/gm)];
  expect(own.map(([, name, , records]) => [name, records])).toEqual(
    systemCommands.map(({ name, records }) => [name, records.map(({ type }) => type).join(', ') || 'nothing']),
  );
});

test.each(commands.map((command) => [command.name, command] as const))(
  '%s: who may, and what it records',
  (name, { roles, records }) => {
    const row = rows.find((one) => one.name === name)!;
    if (roles !== 'anyone' && roles.length < ROLES.length)
      expect(row.who!.split(', ').sort()).toEqual([...roles].sort());
    if (records.length > 0) expect(row.records).toBe(records.map(({ type }) => type).join(', '));
  },
);
