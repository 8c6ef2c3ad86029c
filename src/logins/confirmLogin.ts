/** The step-up that was asked of a login session last is answered, by its person alone and with a sign-in after it. */
import { z } from 'zod';
import { defineOwnedCommand } from '../access/defineCommand.ts';
import { isUuid } from '../core/chain/ids.ts';
import { type Actor, ROLES, type SeenFrom } from '../core/definitions/actor.ts';
import { at, named, uuid } from '../core/definitions/answers.ts';
import { EXAMPLE } from '../core/definitions/exampleValues.ts';
import { rejectWith } from '../core/definitions/problem.ts';
import { update } from '../core/definitions/write.ts';
import type { Queryable } from '../core/sql/queryable.ts';
import { theLogin } from './ending.ts';
import {
  type Answering,
  answeringOf,
  isConfirmedThere,
  type LoginOf,
  STEP_UP_LASTS_MINUTES,
  type StepUp,
  unfitnessOf,
} from './stepUp.ts';

const reject = rejectWith({});

const confirmationAnswer = named(
  'LoginSessionConfirmation',
  z.strictObject({ id: uuid, asked_at: at, confirmed_at: at, until: at }),
  {
    ...{ id: EXAMPLE.command_id, asked_at: EXAMPLE.created_at, confirmed_at: EXAMPLE.now },
    until: '2026-09-24T10:26:12.345Z',
  },
);

const COLUMNS = `s.login_id, s.user_id, s.asked_at, s.asked_jti, s.confirmed_at, s.confirmed_device, s.confirmed_network`;

async function findStepUp(db: Queryable, { login_id, user_id }: LoginOf): Promise<StepUp | undefined> {
  const text = `select ${COLUMNS} from step_ups s where login_id = $1 and user_id = $2`;
  return (await db.query<StepUp>({ name: 'find-step-up', text, values: [login_id, user_id] })).rows[0];
}

const keyOf = ({ login_id, user_id }: LoginOf) => `${login_id} ${user_id}`;

/** Locked, so that none is asked meanwhile. */
async function loadStepUps(db: Queryable, keys: string[]): Promise<Map<string, StepUp>> {
  const [logins, users] = [0, 1].map((part) => keys.map((key) => key.split(' ')[part]));
  const text = `
    select ${COLUMNS} from step_ups s
    where (s.login_id, s.user_id) in (select * from unnest($1::uuid[], $2::uuid[])) for update`;
  const { rows } = await db.query<StepUp>(text, [logins, users]);
  return new Map(rows.map((row) => [keyOf(row), row]));
}

interface Sent {
  db: Queryable;
  actor: Actor;
  from: SeenFrom;
  input: { [field: string]: unknown };
}

/** What the sender's token shows, as one text; undefined where nothing was asked of such a login session of the sender's. */
async function ownerOf({ db, actor, from, input }: Sent) {
  const answering = answeringOf(actor, from);
  const login_id = String(input.login_id);
  if (!answering || !isUuid(login_id)) return undefined;
  const asked = await findStepUp(db, { login_id, user_id: actor.id });
  return asked && JSON.stringify(answering);
}

const shownIn = (owner: string) => JSON.parse(owner) as Answering;
const askedOf = ({ login_id, owner }: { login_id: string; owner: string }): LoginOf => ({
  login_id,
  user_id: shownIn(owner).user_id,
});

function refuse(asked: StepUp | undefined, owner: string, now: string) {
  const unfitness = asked ? unfitnessOf(shownIn(owner), asked, now) : 'No step-up is asked any more.';
  return unfitness === undefined ? undefined : reject('step_up_required', unfitness);
}

const untilOf = (confirmed_at: string) =>
  new Date(Date.parse(confirmed_at) + STEP_UP_LASTS_MINUTES * 60_000).toISOString();

export const confirmLogin = defineOwnedCommand({
  name: 'login.confirm',
  route: 'POST /auth/sessions/:login_id/confirm',
  summary:
    'Answer the step-up that was asked of your login session last, with a token of a sign-in after it; it undoes no termination',
  who: ROLES,
  within: null,
  ownerOf,
  body: z.strictObject({}),
  refuse: async ({ db, input }) => refuse(await findStepUp(db, askedOf(input)), input.owner, new Date().toISOString()),
  locks: ({ login_id }) => [theLogin(login_id)],
  facts: { key: ({ input }) => keyOf(askedOf(input)), load: loadStepUps },
  decide: (_, { input: { owner }, now }, asked) => refuse(asked, owner, now) ?? [],
  // A second one, or the same token later, makes it last no longer. A person who has moved meanwhile confirms it there anew.
  writes(_, { input, now }, asked) {
    const answering = shownIn(input.owner);
    if (!asked || isConfirmedThere(answering, asked)) return [];
    const { login_id: confirmed_in, device: confirmed_device, network: confirmed_network } = answering;
    const set = { confirmed_at: now, confirmed_in, confirmed_device, confirmed_network };
    return [update('step_ups', { ...askedOf(input) }, set)];
  },
  resource: confirmationAnswer,
  result(_, { input: { login_id, owner }, now }, asked) {
    const confirmed_at = asked && isConfirmedThere(shownIn(owner), asked) ? asked.confirmed_at! : now;
    return { id: login_id, asked_at: asked!.asked_at, confirmed_at, until: untilOf(confirmed_at) };
  },
  keeps: ({ login_id, owner }) => ({ login_id, owner }),
  records: [],
  rejects: ['step_up_required'],
});
