/** A login session whose risk is critical is ended without anybody asking, where its institution wants that; in a turn of its person with the turn. */
import { z } from 'zod';
import { defineSystemCommand } from '../access/defineCommand.ts';
import { id } from '../core/definitions/schemas.ts';
import { endingWrites, loadEndings, theLogin } from './ending.ts';

const REASON = 'It is unlike all other days of its person.';

export const expelLogin = defineSystemCommand({
  name: 'login.expel',
  summary: 'End a login session whose risk is critical',
  body: z.strictObject({ login_id: id }),
  locks: ({ login_id }) => [theLogin(login_id)],
  facts: { key: ({ input }) => input.login_id, load: loadEndings },
  decide: () => [],
  writes: (_, { id, actor, now }, login) =>
    login ? endingWrites(login, { id, now, by: actor.id, reason: REASON, at_once: false }) : [],
  result: (_, { input }) => ({ id: input.login_id }),
  records: [],
  rejects: [],
});
