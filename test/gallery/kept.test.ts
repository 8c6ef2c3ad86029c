/** Of a command of the gallery or the guard the inbox keeps ids alone, once it has its outcome. */
import { expect, test } from 'vitest';
import type { Mutation } from '../../src/core/definitions/command.ts';
import { gallery } from '../../src/gallery/module.ts';
import { guard } from '../../src/guard/module.ts';

const IDS = ['session_id', 'message_id', 'ban_id', 'owner'];
const all: readonly Mutation[] = [gallery, guard].flatMap(({ commands, systemCommands }) => [
  ...commands,
  ...systemCommands,
]);

test.each(all.map((command) => [command.name, command] as const))('%s', (_, { keeps, body }) => {
  const fields = [...Object.keys(body.shape), ...IDS, 'author', 'author_name', 'website'];
  const said = Object.fromEntries(fields.map((name) => [name, `said as ${name}`]));
  const kept = keeps!(said);
  expect(IDS).toEqual(expect.arrayContaining(Object.keys(kept)));
  for (const [name, value] of Object.entries(kept)) expect(value).toBe(said[name]);
});
