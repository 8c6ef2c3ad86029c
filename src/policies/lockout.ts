/**
 * Would a policy lock out every admin? Of each command that its rules name, and that admins may send, some admin who was
 * seen in the last 30 days must pass, as that admin was seen: role, hour and confidence. A step-up is open to everybody, so it
 * does not count. Where none was seen, the sender of the command counts, at the hour that it is and with a neutral confidence.
 */
import type { FactSource } from '../core/definitions/command.ts';
import { localHour } from '../core/localHour.ts';
import { NEUTRAL } from '../logins/context/context.ts';
import { reject } from './policyProblems.ts';
import { isWithin, nounOf, type Rule } from './rule.ts';

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
}

/** Of the institution that the command is about. */
export const adminsSeen: FactSource<unknown, AdminsSeen> = {
  key: ({ id }) => id,
  async load(db, command_ids) {
    const { rows } = await db.query<AdminsSeen & { key: string }>(
      `select c.id as key, coalesce(i.time_zone, 'UTC') as time_zone, coalesce((
         select json_agg(json_build_object('confidence', d.confidence, 'hour', d.hour))
         from (
           select confidence, hour from policy_decisions
           where institution_id = (c.input ->> 'owner')::uuid and role = 'admin'
             and slot > clock_timestamp() - interval '30 days'
           group by confidence, hour
         ) d), '[]') as seen
       from commands c left join institution_settings i on i.id = (c.input ->> 'owner')::uuid
       where c.id = any($1)`,
      [command_ids],
    );
    return new Map(rows.map(({ key, ...fact }) => [key, fact]));
  },
};

const NONE: AdminsSeen = { time_zone: 'UTC', seen: [] };

export function refuseLockout(rules: readonly Rule[], { time_zone, seen }: AdminsSeen = NONE, now: string) {
  const sender = { confidence: NEUTRAL, hour: localHour(now, time_zone) };
  const admins = [...seen, sender];
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
