/** A login session that waited for the court is ended: no turn of its person runs any more, or ten minutes are over. */
import { z } from 'zod';
import { defineSystemCommand } from '../access/defineCommand.ts';
import { id } from '../core/definitions/schemas.ts';
import { update } from '../core/definitions/write.ts';
import { type Ending, idsOf, loadEndings, MOST_SUSPENDED_MINUTES, revocationsOf, theLogin } from './ending.ts';
import { reject } from './loginProblems.ts';

const MOST_MS = MOST_SUSPENDED_MINUTES * 60_000;

export const endLogin = defineSystemCommand({
  name: 'login.end',
  summary: 'End a login session that waited for the end of a turn',
  body: z.strictObject({
    login_id: id,
    /** Its institution; none where it is of none. */
    owner: id.exactOptional(),
  }),
  locks: ({ login_id }) => [theLogin(login_id)],
  facts: { key: ({ input }) => input.login_id, load: loadEndings },
  decide: (_, { now }, login) =>
    login && isDue(login, now) ? [] : reject('not_ending', 'It is over, or a turn runs.'),
  writes: (_, { id, actor, now }, login) => [
    update('login_ends', { login_id: login!.id }, { ended_at: now }),
    ...revocationsOf(login!, 'login', { newId: idsOf(id), now, by: actor.id }),
  ],
  result: (_, { input }) => ({ id: input.login_id }),
  records: [],
  rejects: ['not_ending'],
});

function isDue({ asked_at, ended_at, runs_turn }: Ending, now: string): boolean {
  if (asked_at === null || ended_at !== null) return false;
  return !runs_turn || Date.parse(now) - Date.parse(asked_at) >= MOST_MS;
}
