/** A login session is ended, by its person or by an admin of the institution: its tokens are good for nothing any more. */
import { z } from 'zod';
import { defineOwnedCommand } from '../access/defineCommand.ts';
import { isUuid } from '../core/chain/ids.ts';
import { type Actor, ADMINS, ROLES } from '../core/definitions/actor.ts';
import type { InputError } from '../core/definitions/command.ts';
import { remark } from '../core/definitions/schemas.ts';
import type { Queryable } from '../core/sql/queryable.ts';
import { endingAnswer, endingWrites, idsOf, isEndedBy, loadEndings, theLogin, waitsAgain } from './ending.ts';

const OWNER = { name: 'find-owner-of-login', text: 'select user_id from logins where id = $1' };

/** Whose it is; undefined where there is none that the sender may see. */
async function ownerOf({ db, input }: { db: Queryable; input: { [field: string]: unknown } }) {
  const id = String(input.login_id);
  if (!isUuid(id)) return undefined;
  const { rows } = await db.query<{ user_id: string }>({ ...OWNER, values: [id] });
  return rows[0]?.user_id;
}

const body = z.strictObject({
  reason: remark,
  /** In the middle of a turn too. For admins. */
  now: z.boolean().default(false),
});

function faultsOf({ now }: { now: boolean }, { role }: Actor): InputError[] {
  const isAdmin = (ADMINS as readonly string[]).includes(role);
  return now && !isAdmin ? [{ pointer: '/now', detail: 'is for admins' }] : [];
}

export const terminateLogin = defineOwnedCommand({
  name: 'login.terminate',
  route: 'POST /auth/sessions/:login_id/terminate',
  summary:
    'End a login session: 401 and closed sockets within a second; in a turn of its person at the end of it, unless an admin says now',
  who: ROLES,
  within: null,
  ownerOf,
  body,
  example: { reason: 'A laptop was stolen.' },
  faults: faultsOf,
  locks: ({ login_id }) => [theLogin(login_id)],
  facts: { key: ({ input }) => input.login_id, load: loadEndings },
  decide: () => [],
  writes(_, { id, input, actor, now }, login) {
    const { reason, now: at_once } = input;
    return login ? endingWrites(login, { newId: idsOf(id), now, by: actor.id, reason, at_once }) : [];
  },
  resource: endingAnswer,
  result(_, { input, now }, login) {
    // One that is no longer known is long over.
    const { ended_at = now } = login ?? {};
    const asked = { at_once: input.now };
    const ends = !login || isEndedBy(login, asked);
    const at = login && waitsAgain(login, asked) ? null : (ended_at ?? (ends ? now : null));
    return { id: input.login_id, status: at === null ? ('ending' as const) : ('ended' as const), ended_at: at };
  },
  keeps: ({ login_id, owner, now }) => ({ login_id, owner, now }),
  records: [],
  rejects: [],
});
