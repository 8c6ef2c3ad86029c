/** What is none of the court's is locked by no transaction of a court: no command names streams of both. */
import { expect, test } from 'vitest';
import { apartKinds, kindOf } from '../../src/core/definitions/stream.ts';
import { catalog } from '../../src/modules.ts';

const ID = '018f3c1e-7b2a-7c11-9d0e-2f4b6a8c0e12';
const apart = apartKinds(catalog.kinds);
/** Whatever is asked of it is an id. */
const anything = new Proxy({}, { get: () => ID });

test('galleries, their visits, bans, feeds, links and results are apart', () => {
  const kinds = ['gallery', 'visits', 'guard', 'feed', 'board', 'calendar', 'match', 'audit'];
  expect(apart).toEqual(expect.arrayContaining(kinds));
  for (const kind of ['session', 'assignment', 'observers']) expect(apart).not.toContain(kind);
});

test.each([...catalog.commands.keys()])('%s', (name) => {
  for (const is_conditional of [true, false]) {
    const streams = catalog.commands.get(name)!.streams({ id: ID, input: anything, is_conditional }, anything);
    expect(new Set(streams.map((stream) => apart.includes(kindOf(stream)))).size).toBe(1);
  }
});
