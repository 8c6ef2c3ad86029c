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

/** What is open to those without a token, and to whom of them. */
const WITHOUT_TOKEN: Record<string, string> = {
  'session.observe': 'everybody in scope; anonymous where public',
  'session.unobserve': 'who observes',
  'gallery.post': 'everybody in scope; anonymous where public',
  'gallery.vote': 'everybody in scope; anonymous where public',
  'gallery.report': 'everybody in scope; anonymous where public',
  'gallery.withdraw': 'the author',
};

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
    const { who, records: recorded } = rows.find((one) => one.name === name)!;
    // Where the token's role alone admits nobody and refuses nobody, the page says in words whom the command asks for.
    const named = roles === 'anyone' || roles.length === ROLES.length ? [] : [...roles];
    expect(
      who!
        .split(', ')
        .filter((word) => (ROLES as readonly string[]).includes(word))
        .sort(),
    ).toEqual(named.sort());
    if (roles === 'anyone') expect(who).toBe(WITHOUT_TOKEN[name]);
    const own = name === 'session.log' ? 'an event type of your own' : 'nothing';
    const [what] = recorded!.split(':');
    expect(what).toBe(records.map(({ type }) => type).join(', ') || own);
  },
);
