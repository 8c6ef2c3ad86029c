/** A login session that waited for the court is ended: no turn of its person runs any more, or ten minutes are over. */
import { z } from 'zod';
import { defineSystemCommand } from '../access/defineCommand.ts';
import { id } from '../core/definitions/schemas.ts';
import { update } from '../core/definitions/write.ts';
import { idsOf, loadEndings, MOST_SUSPENDED_MINUTES, revocationsOf, theLogin } from './ending.ts';

const MOST_MS = MOST_SUSPENDED_MINUTES * 60_000;

export const endLogin = defineSystemCommand({
  name: 'login.end',
  summary: 'End a login session that waited for the end of a turn',
  body: z.strictObject({ login_id: id }),
  locks: ({ login_id }) => [theLogin(login_id)],
  facts: { key: ({ input }) => input.login_id, load: loadEndings },
  decide: () => [],
  writes(_, { id, actor, now }, login) {
    if (!login || login.asked_at === null || login.ended_at !== null) return [];
    const isOver = Date.parse(now) - Date.parse(login.asked_at) >= MOST_MS;
    if (login.runs_turn && !isOver) return [];
    return [
      update('login_ends', { login_id: login.id }, { ended_at: now }),
      ...revocationsOf(login, 'login', { newId: idsOf(id), now, by: actor.id }),
    ];
  },
  result: (_, { input }) => ({ id: input.login_id }),
  records: [],
  rejects: [],
});
