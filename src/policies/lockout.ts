/**
 * Would a policy lock out every admin? Of each command that its rules name, and that admins may send, some admin who was
 * seen in the last 30 days must pass, as that admin was seen: role, hour and confidence, by what was sent, and with a neutral
 * confidence by login sessions. A step-up is open to everybody, so it does not count. The sender of the command counts too, at
 * the hour that it is and with a neutral confidence.
 */
import type { FactSource } from '../core/definitions/command.ts';
import { localHour } from '../core/localHour.ts';
import { NEUTRAL } from '../logins/context/context.ts';
import { reject } from './policyProblems.ts';
import { isWithin, nounOf, type Rule } from './rule.ts';

/** The latest of those admins. */
const MOST_LOGINS = 500;

/** Commands and nouns that admins may not send anyhow. A test compares it with the list of commands. */
export const NOT_OF_ADMINS: readonly string[] = ['exhibit.correct', 'objection.correct', 'payload.erase', 'payload.*'];

/** An admin, as a decision was stored of one. */
export interface Seen {
  confidence: number;
  hour: number;
}

export interface AdminsSeen {
  time_zone: string;
  seen: readonly Seen[];
  /** When the login sessions of people who sent something as admins began, and were seen last. */
  signed_in: readonly string[];
}

// An admin is known by what was sent in that role, and may have been here at other hours without sending anything.
const SEEN = `
  with asked as materialized (
    select c.id as key, i.id as owner, coalesce(i.time_zone, 'UTC') as time_zone
    from commands c left join institution_settings i on i.id = (c.input ->> 'owner')::uuid
    where c.id = any($1)
  ), since as materialized (select clock_timestamp() - interval '30 days' as at),
  sent as materialized (
    select distinct institution_id, user_id, confidence, hour from policy_decisions
    where institution_id in (select owner from asked) and role = 'admin' and slot > (select at from since)
  ), signed as materialized (
    select l.institution_id, l.first_seen, l.last_seen
    from (select distinct institution_id, user_id from sent) admins
    join logins l on l.user_id = admins.user_id and l.institution_id = admins.institution_id
    where l.last_seen > (select at from since)
    order by l.last_seen desc limit ${MOST_LOGINS}
  )
  select key, time_zone,
    (select coalesce(json_agg(json_build_object('confidence', confidence, 'hour', hour)), '[]')
     from (select distinct confidence, hour from sent where institution_id = owner) s) as seen,
    (select coalesce(json_agg(at), '[]')
     from signed cross join lateral (values (first_seen), (last_seen)) as t (at) where institution_id = owner) as signed_in
  from asked`;

/** Of the institution that the command is about. */
export const adminsSeen: FactSource<unknown, AdminsSeen> = {
  key: ({ id }) => id,
  async load(db, command_ids) {
    const { rows } = await db.query<AdminsSeen & { key: string }>(SEEN, [command_ids]);
    return new Map(rows.map(({ key, ...fact }) => [key, fact]));
  },
};

const NONE: AdminsSeen = { time_zone: 'UTC', seen: [], signed_in: [] };

export function refuseLockout(rules: readonly Rule[], facts: AdminsSeen = NONE, now: string) {
  const { time_zone, seen, signed_in } = facts;
  const hours = new Set([now, ...signed_in].map((at) => localHour(at, time_zone)));
  const admins = [...seen, ...[...hours].map((hour) => ({ confidence: NEUTRAL, hour }))];
  const named = [...new Set(rules.map(({ resource_type }) => resource_type))];
  const locked = named.filter((one) => !NOT_OF_ADMINS.includes(one)).find((one) => isLocked(one, rules, admins));
  if (locked === undefined) return undefined;
  return reject('locks_everybody_out', `No admin who was seen in the last 30 days could send ${locked} any more.`);
}

function isLocked(resource_type: string, rules: readonly Rule[], admins: readonly Seen[]): boolean {
  const whole = `${nounOf(resource_type)}.*`;
  const matching = rules.filter((rule) => [resource_type, whole].includes(rule.resource_type));
  return !admins.some((admin) => matching.every((rule) => passes(rule, admin)));
}

function passes({ allowed_roles, hours, min_confidence }: Rule, { confidence, hour }: Seen): boolean {
  return allowed_roles.includes('admin') && isWithin(hours, hour) && confidence >= min_confidence;
}
