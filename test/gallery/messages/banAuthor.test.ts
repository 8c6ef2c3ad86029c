/** The author of a message is shut up. */
import { expect, test } from 'vitest';
import { authorBanned, banAuthor } from '../../../src/gallery/messages/banAuthor.ts';
import { given } from '../../support/given.ts';
import { hallOf, MESSAGE, posted } from '../../support/hall.ts';
import { testHosts } from '../../support/hosts.ts';
import { admin } from '../../support/matchFixture.ts';

const body = { message_id: MESSAGE, reason: 'Insults counsel.' };
const done = authorBanned({
  ...{ ...body, message_commitment: expect.stringMatching(/^[0-9a-f]{64}$/) as never, author: 'system', hours: null },
});
const by = (before = given(posted())) => before.when(banAuthor, body, admin, { fact: hallOf() });

test('hides what was said from all but its author, with a reason, for some hours or until it is lifted', () => {
  expect(by().then(done)!.writes[0]!.set).toMatchObject({ is_shadowed: true });
  const { message_id: _, ...why } = body;
  expect(banAuthor.body.safeParse({ message_id: MESSAGE }).success).toBe(false);
  expect(banAuthor.body.safeParse(why).success).toBe(false);
  for (const hours of [0, 8_761]) expect(banAuthor.body.safeParse({ ...body, hours }).success).toBe(false);
});

testHosts(banAuthor, body, done);
