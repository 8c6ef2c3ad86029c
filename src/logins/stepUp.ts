/**
 * A step-up: a person is asked to sign in once more, of one login session and once until that is done. It is confirmed within
 * 15 minutes of that sign-in. For 15 minutes after it is confirmed the login session counts as surely its person's, and so
 * does the one whose token confirmed it, which may be the same: where they are used on the device and in the network from which
 * it was confirmed. A token that was copied is a thief's elsewhere, and whoever asked may have been the thief.
 */
import { sha256 } from '../core/chain/sha256.ts';
import type { Actor, SeenFrom } from '../core/definitions/actor.ts';
import type { Queryable } from '../core/sql/queryable.ts';

export const STEP_UP_LASTS_MINUTES = 15;
const LASTS = `interval '${STEP_UP_LASTS_MINUTES} minutes'`;

/** Whose login session. */
export interface LoginOf {
  login_id: string;
  user_id: string;
}

/**
 * @param asked_for a command, or a word of ours. @param jti of the token that it is asked of, and @param from where that was
 *   used, where they are known
 */
export interface Asking extends LoginOf {
  institution_id: string | null;
  asked_for: string;
  asked_by: string;
  jti?: string | null;
  from?: SeenFrom;
}

export interface StepUp extends LoginOf {
  asked_at: string;
  asked_jti: string | null;
  confirmed_at: string | null;
  /** From where; null where it is not. */
  confirmed_device: string | null;
  confirmed_network: string | null;
}

// One that nobody answered for as long as a step-up lasts is asked anew, so that no old sign-in answers it.
const ASK = {
  name: 'ask-step-up',
  text: `
    insert into step_ups as s (login_id, user_id, institution_id, asked_at, asked_for, asked_by, asked_jti)
    select $1, $2, $3, date_trunc('milliseconds', clock_timestamp()), $4, $5, $6
    where not exists (
      select from step_ups c where c.confirmed_in = $1 and c.user_id = $2 and c.confirmed_at > clock_timestamp() - ${LASTS}
        and ($7::text is null or (c.confirmed_device = $7 and c.confirmed_network = $8::text)))
    on conflict (login_id, user_id) do update
    set institution_id = excluded.institution_id, asked_at = excluded.asked_at, asked_for = excluded.asked_for,
      asked_by = excluded.asked_by, asked_jti = excluded.asked_jti,
      confirmed_at = null, confirmed_in = null, confirmed_device = null, confirmed_network = null
    where coalesce(s.confirmed_at, s.asked_at) < excluded.asked_at - ${LASTS}
    returning asked_at`,
};

/**
 * Asked while one is open, or was confirmed in the last 15 minutes, it changes nothing.
 * @param db of role `door` or `worker`. @returns undefined where nothing is to be told, for nothing new was asked
 */
export async function askStepUp(db: Queryable, asking: Asking): Promise<{ asked_at: string } | undefined> {
  const { login_id, user_id, institution_id, asked_for, asked_by, jti = null, from } = asking;
  const values = [login_id, user_id, institution_id, asked_for, asked_by, jti === null ? null : sha256(jti)];
  const where = [from?.device ?? null, from?.network ?? null];
  return (await db.query<{ asked_at: string }>({ ...ASK, values: [...values, ...where] })).rows[0];
}

/** What consoles of its person are told of it, where `askStepUp` answered: by device and network it shows whether they are the person's. */
export function toldOf({ login_id, user_id, asked_for, from }: Asking, { asked_at }: { asked_at: string }) {
  const confirm = `/auth/sessions/${login_id}/confirm`;
  return {
    event: 'reauthentication_required' as const,
    to: { user_id },
    body: { login_id, asked_for, asked_at, confirm, device: from?.device ?? null, network: from?.network ?? null },
  };
}

const FIND = {
  name: 'find-stepped-up',
  text: `
    select a.login_id, a.user_id, max(s.confirmed_at) as confirmed_at,
      extract(epoch from max(s.confirmed_at) + ${LASTS} - clock_timestamp())::float8 * 1000 as left_ms
    from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[]) as a (login_id, user_id, device, network)
    cross join lateral (
      select confirmed_at, confirmed_device, confirmed_network from step_ups where login_id = a.login_id and user_id = a.user_id
      union all
      select confirmed_at, confirmed_device, confirmed_network from step_ups where confirmed_in = a.login_id and user_id = a.user_id
    ) s
    where s.confirmed_at > clock_timestamp() - ${LASTS}
      and (a.device is null or (s.confirmed_device = a.device and s.confirmed_network = a.network))
    group by a.login_id, a.user_id`,
};

export interface SteppedUp extends LoginOf {
  confirmed_at: string;
  /** For how much longer it counts. */
  left_ms: number;
}

/** A login session, and where it is used; null of one that is looked at, and not used. */
export interface UsedLogin extends LoginOf {
  from: SeenFrom | null;
}

/** Those of these login sessions that count as stepped up now; where one is looked at, those that do anywhere. */
export async function findSteppedUp(db: Queryable, logins: readonly UsedLogin[]): Promise<SteppedUp[]> {
  const used = [logins.map(({ from }) => from?.device ?? null), logins.map(({ from }) => from?.network ?? null)];
  const values = [logins.map(({ login_id }) => login_id), logins.map(({ user_id }) => user_id), ...used];
  return (await db.query<SteppedUp>({ ...FIND, values })).rows;
}

/** What a token shows that is to answer a step-up, and the request that brings it. */
export interface Answering extends LoginOf, SeenFrom {
  /** In seconds since 1970; null where the token does not say. */
  signed_in_at: number | null;
  /** A hash of it. */
  jti: string | null;
  /** No other token is of its login session. */
  of_one_token: boolean;
}

/** Undefined where the sender came with no token. */
export function answeringOf({ id: user_id, login }: Actor, { device, network }: SeenFrom): Answering | undefined {
  if (!login) return undefined;
  const { id: login_id, jti, auth_time: signed_in_at, of_one_token = false } = login;
  return { login_id, user_id, device, network, signed_in_at, jti: jti === null ? null : sha256(jti), of_one_token };
}

/** A sign-in that is longer ago shows no more that its person is here: one that was asked in the morning may still be open. */
const SIGNED_IN_WITHIN_MS = STEP_UP_LASTS_MINUTES * 60_000;
/** Clocks differ. */
const LEEWAY_MS = 5_000;
const AGAIN = 'Sign in again, and send this with the token that you get then.';

/** Why this token does not answer this step-up; undefined where it does. Pure. @param now RFC 3339 */
export function unfitnessOf(answering: Answering, asked: StepUp, now: string): string | undefined {
  const { signed_in_at } = answering;
  if (isOfSameToken(answering, asked)) return `It is asked of this very token. ${AGAIN}`;
  if (signed_in_at === null) return 'The token says neither when its person has signed in nor when it was issued.';
  // Whole seconds: in the second in which it was asked nobody knows which was first.
  if (signed_in_at * 1_000 <= Date.parse(asked.asked_at)) return `This sign-in was before it was asked. ${AGAIN}`;
  if (signed_in_at * 1_000 > Date.parse(now) + LEEWAY_MS) return 'By this token its person signs in later than now.';
  if (signed_in_at * 1_000 < Date.parse(now) - SIGNED_IN_WITHIN_MS) {
    return `This sign-in is more than ${STEP_UP_LASTS_MINUTES} minutes old. ${AGAIN}`;
  }
  // Elsewhere a copy of whatever token there was then would move it there.
  if (asked.confirmed_at !== null && !isConfirmedThere(answering, asked)) {
    const isLater = signed_in_at * 1_000 > Date.parse(asked.confirmed_at) + LEEWAY_MS;
    return isLater ? undefined : `It was confirmed elsewhere, and this sign-in was before that. ${AGAIN}`;
  }
  return undefined;
}

/** On this device and in this network. */
export function isConfirmedThere({ device, network }: SeenFrom, asked: StepUp): boolean {
  return asked.confirmed_at !== null && asked.confirmed_device === device && asked.confirmed_network === network;
}

/** A token without a `jti` is another only where its login session is another. */
function isOfSameToken({ login_id, jti, of_one_token }: Answering, asked: StepUp): boolean {
  if (jti !== null && jti === asked.asked_jti) return true;
  return login_id === asked.login_id && (jti === null || of_one_token);
}
