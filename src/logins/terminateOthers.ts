/** All login sessions of a person but the one in which it is asked for are ended, each as if it were ended alone. */
import { z } from 'zod';
import { defineOwnedCommand } from '../access/defineCommand.ts';
import { ROLES } from '../core/definitions/actor.ts';
import { count, named, uuid } from '../core/definitions/answers.ts';
import { EXAMPLE } from '../core/definitions/exampleValues.ts';
import { remark } from '../core/definitions/schemas.ts';
import { type Ending, endingWrites, idsOf, loadEndingsOf, theLogin } from './ending.ts';

const answer = named(
  'OtherLoginSessionsEnding',
  z.strictObject({
    /** Of the one that stays. */
    id: uuid,
    ended: count,
    /** Those that wait for the end of a turn. */
    ending: count,
  }),
  { id: EXAMPLE.command_id, ended: 2, ending: 0 },
);

/** The person and the login session that stays, as one text. */
const partsOf = (owner: string) => owner.split(' ') as [user_id: string, login_id: string];

export const terminateOthers = defineOwnedCommand({
  name: 'login.terminate_others',
  route: 'POST /auth/sessions/terminate-others',
  summary: 'End all your other login sessions; in a turn of yours at the end of it',
  who: ROLES,
  within: null,
  ownerOf: async ({ actor }) => (actor.login ? `${actor.id} ${actor.login.id}` : undefined),
  body: z.strictObject({ reason: remark }),
  example: { reason: 'I signed out everywhere.' },
  locks: ({ owner }) => [theLogin(partsOf(owner)[1])],
  facts: {
    key: ({ input }) => input.owner,
    async load(db, keys) {
      const found = new Map<string, Ending[]>();
      for (const key of keys) {
        const [user_id, stays] = partsOf(key);
        found.set(
          key,
          (await loadEndingsOf(db, user_id)).filter(({ id }) => id !== stays),
        );
      }
      return found;
    },
  },
  decide: () => [],
  writes(_, { id, input: { reason }, actor: { id: by }, now }, logins = []) {
    const newId = idsOf(id);
    return logins.flatMap((login) => endingWrites(login, { newId, now, by, reason, at_once: false }));
  },
  resource: answer,
  result(_, { input }, logins = []) {
    const ending = logins.filter(({ runs_turn }) => runs_turn).length;
    return { id: partsOf(input.owner)[1], ended: logins.length - ending, ending };
  },
  keeps: ({ owner }) => ({ owner }),
  records: [],
  rejects: [],
});
