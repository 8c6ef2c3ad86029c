/**
 * Policies that are active, as a process of the API knows them: read before its port opens, then each second what has
 * changed, and at once where it is announced. An institution that has switched them off is not known here at all.
 */
import type { Queryable } from '../../core/sql/queryable.ts';
import type { Broadcast } from '../../infra/broadcast/broadcast.ts';
import { followChannel } from '../../infra/broadcast/followChannel.ts';
import type { Log } from '../../infra/telemetry/log.ts';
import { about, type KnownPolicies, overrideOf } from '../../policies/decisions/decision.ts';
import { POLICIES } from '../../policies/policy.ts';

/** A change is in sight this long after its time: transactions are far shorter. */
const OVERLAP_MS = 60_000;

/** What was lifted is lifted until its session ends, however late that begins. Sessions lead to it: there are few that go on, and no end of what was ever lifted. */
const KNOWN = `
  select i.id, i.policies as is_on, i.time_zone,
    (select coalesce(json_agg(json_build_object('id', p.id, 'version', p.version, 'mode', p.mode, 'rules', p.rules)), '[]')
     from policies p where p.institution_id = i.id and p.active) as policies,
    (select coalesce(json_agg(json_build_object('policy_id', o.policy_id, 'session_id', o.session_id, 'user_id', o.user_id)), '[]')
     from policy_overrides o where o.session_id = any(array(
       select s.id from courtroom_sessions s where s.institution_id = i.id and s.status <> 'completed'))) as overrides
  from institution_settings i`;

const ALL = { name: 'read-known-policies', text: `${KNOWN} where i.policies` };

export const CHANGED = {
  name: 'read-changed-policies',
  text: `
    with since as materialized (select clock_timestamp() - $1 * interval '1 millisecond' as at),
    changed as materialized (
      select s.id from institution_settings s, since where s.changed_at > since.at
      union select p.institution_id from policies p, since where p.changed_at > since.at
      union select o.institution_id from policy_overrides o, since where o.overridden_at > since.at
      union select o.institution_id from policy_overrides o where o.session_id = any(array(
        select s.id from courtroom_sessions s, since where s.ended_at > since.at)))
    ${KNOWN} where i.id in (select id from changed)`,
};

interface Row extends Omit<KnownPolicies, 'overrides'> {
  id: string;
  is_on: boolean;
  overrides: { policy_id: string; session_id: string; user_id: string }[];
}

interface FollowPolicies {
  /** Of role `door`. */
  db: Queryable;
  broadcast: Broadcast;
  log: Log;
}

/** What its policies are. */
export interface OfInstitution {
  time_zone: string;
  /** None is at work where they are switched on and there is none. */
  isAtWork: boolean;
  /** Found once for each command: there may be thousands of rules. */
  about(command: string): KnownPolicies;
}

export interface FollowedPolicies {
  /** Undefined where they are off. */
  of(institution_id: string): OfInstitution | undefined;
  close(): void;
}

/** @throws where they cannot be read: no door opens without them */
export async function followPolicies({ db, broadcast, log }: FollowPolicies): Promise<FollowedPolicies> {
  const known = new Map<string, OfInstitution>();
  let read_at = performance.now();

  function keep(rows: readonly Row[]): void {
    for (const { id, is_on, overrides, ...rest } of rows) {
      const lifted = overrides.map((one) => overrideOf(one.policy_id, one.session_id, one.user_id));
      if (is_on) known.set(id, ofInstitution({ ...rest, overrides: new Set(lifted) }));
      else known.delete(id);
    }
  }

  async function readChanged(): Promise<void> {
    const started = performance.now();
    keep((await db.query<Row>({ ...CHANGED, values: [started - read_at + OVERLAP_MS] })).rows);
    read_at = started;
  }

  keep((await db.query<Row>(ALL)).rows);
  const { close } = followChannel({ broadcast, channel: POLICIES, read: readChanged, log });
  return { of: (institution_id) => known.get(institution_id), close };
}

function ofInstitution(known: KnownPolicies): OfInstitution {
  const found = new Map<string, KnownPolicies>();
  return {
    ...{ time_zone: known.time_zone, isAtWork: known.policies.length > 0 },
    about(command) {
      const those = found.get(command) ?? about(known, command);
      found.set(command, those);
      return those;
    },
  };
}
