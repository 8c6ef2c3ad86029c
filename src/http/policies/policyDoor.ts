/**
 * Policies at the door: what they say of a command that is about to be accepted. What does not pass one that enforces is
 * refused before anything is stored; what others would have refused is only counted. Where an institution has them off
 * this costs a look into a map.
 */
import type { Actor } from '../../core/definitions/actor.ts';
import { Problem } from '../../core/definitions/problem.ts';
import type { Queryable } from '../../core/sql/queryable.ts';
import type { Backbone } from '../../infra/process/backbone.ts';
import type { Asked, Verdict } from '../../policies/decisions/decision.ts';
import { judge } from '../../policies/decisions/decision.ts';
import { localHour } from '../../policies/localHour.ts';
import { NEUTRAL } from '../../policies/lockout.ts';
import type { Lack } from '../../policies/rule.ts';
import { followPolicies } from './followPolicies.ts';
import { createDecisionStore, type Decided } from './storeDecisions.ts';

/** A command, before it is accepted. */
export interface Knocking {
  command: string;
  actor: Actor | null;
  institution_id: string | null;
  session_id: string | null;
}

export interface PolicyDoor {
  /** Undefined where policies have no say. @throws nothing: what is refused is in the verdicts */
  judge(knocking: Knocking): Decided | undefined;
  /** To be called when it is accepted, or refused. Never waits. */
  note(decided: Decided): void;
  /** Stores what was counted. */
  close(): Promise<void>;
}

const STEP_UP_LASTS_MS = 15 * 60_000;
const SURE = 100;

export async function openPolicyDoor({ broadcast, log }: Backbone, db: Queryable): Promise<PolicyDoor> {
  const followed = await followPolicies({ db, broadcast, log });
  const store = createDecisionStore({ db, log });
  return {
    judge({ command, actor, institution_id, session_id }) {
      const known = institution_id === null ? undefined : followed.of(institution_id);
      if (!known || !actor) return undefined;
      const now = Date.now();
      const stepped_up = isSteppedUp(actor, now);
      const asked: Asked = {
        ...{ command, role: actor.role, user_id: actor.id, session_id },
        ...{ stepped_up, confidence: stepped_up ? SURE : NEUTRAL, hour: localHour(now, known.time_zone) },
      };
      return { institution_id: institution_id!, asked, verdicts: judge(known, asked), is_accepted: true };
    },
    note: store.note,
    async close() {
      followed.close();
      await store.close();
    },
  };
}

/** The issuer of the token says when its person has signed in; without a word of it nobody knows. */
function isSteppedUp({ signed_in_at }: Actor, now: number): boolean {
  return signed_in_at !== undefined && now - signed_in_at * 1_000 <= STEP_UP_LASTS_MS;
}

/** Of what a policy refuses that enforces. */
export function refusalOf({ verdicts }: Decided): Problem | undefined {
  const refused = verdicts.find(({ outcome }) => outcome === 'refused');
  return refused && problemOf(refused);
}

const WHY: Record<Lack, string> = {
  role: 'Your role may not send this.',
  hours: 'This is not sent at this hour.',
  confidence: 'It is not sure enough that it is you: sign in again.',
  step_up: 'This takes a sign-in within the last 15 minutes: sign in again.',
};

function problemOf({ policy_id, lacks }: Verdict): Problem {
  const isMended = lacks.every((lack) => lack === 'confidence' || lack === 'step_up');
  const why = lacks.map((lack) => WHY[lack]).join(' ');
  const detail = `${why}${isMended ? '' : ' A step-up does not help; an admin may know what does.'}`;
  return new Problem('step_up_required', detail, { policy_id, lacks });
}
