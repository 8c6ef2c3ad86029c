/**
 * A login session whose risk is critical is ended without anybody asking, where its institution wants that; in a turn of its
 * person with the turn. Whose it is its telemetry says, so that it ends though nothing else is known of it.
 */
import { z } from 'zod';
import { defineSystemCommand } from '../access/defineCommand.ts';
import { id } from '../core/definitions/schemas.ts';
import { endingWrites, idsOf, keyOf, loadEndingsNamed, theLogin } from './ending.ts';

const REASON = 'It is unlike all other days of its person.';

export const expelLogin = defineSystemCommand({
  name: 'login.expel',
  summary: 'End a login session whose risk is critical',
  body: z.strictObject({ login_id: id, user_id: id, owner: id }),
  locks: ({ login_id }) => [theLogin(login_id)],
  facts: { key: ({ input }) => keyOf(input), load: loadEndingsNamed },
  decide: () => [],
  writes: (_, { id, actor, now }, login) =>
    login ? endingWrites(login, { newId: idsOf(id), now, by: actor.id, reason: REASON, at_once: false }) : [],
  result: (_, { input }) => ({ id: input.login_id }),
  records: [],
  rejects: [],
});
