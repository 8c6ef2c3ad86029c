/**
 * Would a policy lock out every admin? Of each command that its rules are about, and that admins may send, some admin who was
 * seen in the last 30 days must pass it and all others that enforce, as that admin was seen: role, hour and confidence, by what was sent, and with a neutral
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

/** A policy as it rules, or would. */
interface Ruling {
  id: string;
  rules: readonly Rule[];
}

export interface AdminsSeen {
  time_zone: string;
  seen: readonly Seen[];
  /** When the login sessions of people who sent something as admins began, and were seen last. */
  signed_in: readonly string[];
  /** The policies of the institution that enforce. */
  enforced: readonly Ruling[];
}

// An admin is known by what was sent in that role, and may have been here at other hours without sending anything.
const SEEN = `
  with asked as materialized (
    select o.owner, coalesce(i.time_zone, 'UTC') as time_zone
    from unnest($1::uuid[]) as o (owner) left join institution_settings i on i.id = o.owner
  ), since as materialized (select clock_timestamp() - interval '30 days' as at),
  sent as materialized (
    select told.* from asked cross join lateral (
      select distinct institution_id, user_id, confidence, hour from policy_decisions
      where institution_id = asked.owner and role = 'admin' and slot > (select at from since)) told
  ), signed as materialized (
    select l.institution_id, l.first_seen, l.last_seen
    from (select distinct institution_id, user_id from sent) admins
    join logins l on l.user_id = admins.user_id and l.institution_id = admins.institution_id
    where l.last_seen > (select at from since)
    order by l.last_seen desc limit ${MOST_LOGINS}
  )
  select owner, time_zone,
    (select coalesce(json_agg(json_build_object('confidence', confidence, 'hour', hour)), '[]')
     from (select distinct confidence, hour from sent where institution_id = asked.owner) s) as seen,
    (select coalesce(json_agg(at), '[]')
     from signed cross join lateral (values (first_seen), (last_seen)) as t (at) where institution_id = asked.owner) as signed_in,
    (select coalesce(json_agg(json_build_object('id', p.id, 'rules', p.rules)), '[]') from policies p
     where p.institution_id = asked.owner and p.active and p.mode = 'enforce') as enforced
  from asked`;

/** Of the institution that the command is about. */
export const adminsSeen: FactSource<{ owner: string }, AdminsSeen> = {
  key: ({ input }) => input.owner,
  async load(db, owners) {
    const { rows } = await db.query<AdminsSeen & { owner: string }>(SEEN, [owners]);
    return new Map(rows.map(({ owner, ...fact }) => [owner, fact]));
  },
};

const NONE: AdminsSeen = { time_zone: 'UTC', seen: [], signed_in: [], enforced: [] };
const HOURS = Array.from({ length: 24 }, (_, hour) => hour);

/** @param ruling the policy as it would enforce */
export function refuseLockout({ id, rules }: Ruling, facts: AdminsSeen = NONE, now: string) {
  const { time_zone, seen, signed_in, enforced } = facts;
  const hours = new Set([now, ...signed_in].map((at) => localHour(at, time_zone)));
  const admins = [...seen, ...[...hours].map((hour) => ({ confidence: NEUTRAL, hour }))];
  const others = enforced.filter((policy) => policy.id !== id).flatMap((policy) => policy.rules);
  const all = [...rules, ...others];
  const named = [...new Set(all.map(({ resource_type }) => resource_type))];
  const concerned = named.filter((one) => !NOT_OF_ADMINS.includes(one) && rulesOf(rules, one).length > 0);
  const locked = concerned.find((one) => isLocked(rulesOf(all, one), admins));
  if (locked === undefined) return undefined;
  return reject('locks_everybody_out', `No admin who was seen in the last 30 days could send ${locked} any more.`);
}

/** Of a command, or of all of a noun. */
function rulesOf(rules: readonly Rule[], named: string): Rule[] {
  const whole = `${nounOf(named)}.*`;
  return rules.filter(({ resource_type }) => resource_type === named || resource_type === whole);
}

/** There may be thousands of rules and of admins seen: what all rules ask for is put together first. */
function isLocked(rules: readonly Rule[], admins: readonly Seen[]): boolean {
  if (!rules.every(({ allowed_roles }) => allowed_roles.includes('admin'))) return true;
  const hours = HOURS.filter((hour) => rules.every((rule) => isWithin(rule.hours, hour)));
  const most = rules.reduce((confidence, rule) => Math.max(confidence, rule.min_confidence), 0);
  return !admins.some(({ confidence, hour }) => confidence >= most && hours.includes(hour));
}
