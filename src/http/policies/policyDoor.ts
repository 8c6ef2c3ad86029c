/**
 * Policies at the door: what they say of a command that is about to be accepted. What does not pass one that enforces is
 * refused before anything is stored; what others would have refused is only counted. Where an institution has them off
 * this costs a look into a map, and where no policy is at work no statement. What a step-up mends is asked of Postgres before it is refused.
 */
import type pg from 'pg';
import { type Actor, homeOf } from '../../core/definitions/actor.ts';
import { Problem } from '../../core/definitions/problem.ts';
import { localHour } from '../../core/localHour.ts';
import { quietly } from '../../infra/console/tellConsole.ts';
import type { LoginRecorder, Whereabouts } from '../../infra/loginRecorder.ts';
import type { Backbone } from '../../infra/process/backbone.ts';
import { confirmLogin } from '../../logins/confirmLogin.ts';
import { NEUTRAL } from '../../logins/context/context.ts';
import { STEP_UP_LASTS_MINUTES } from '../../logins/stepUp.ts';
import type { Asked, Verdict } from '../../policies/decisions/decision.ts';
import { judge } from '../../policies/decisions/decision.ts';
import type { Lack } from '../../policies/rule.ts';
import type { ContextScores } from '../logins/contextScores.ts';
import { followPolicies } from './followPolicies.ts';
import { createStepUps } from './stepUps.ts';
import { createDecisionStore, type Decided } from './storeDecisions.ts';

/** A command, before it is accepted. */
export interface Knocking {
  command: string;
  actor: Actor | null;
  institution_id: string | null;
  session_id: string | null;
  from: Whereabouts;
}

export interface PolicyDoor {
  /** Undefined where policies have no say. What is refused is in the verdicts. */
  judge(knocking: Knocking): Promise<Decided | undefined>;
  /** Of what is refused. Where a step-up mends it, it is asked for now. */
  problemOf(refused: Verdict, knocking: Knocking & { actor: Actor }): Promise<Problem>;
  /** To be called when it is accepted, or refused. Never waits. */
  note(decided: Decided): void;
  /** Stores what was counted. */
  close(): Promise<void>;
}

/** Of somebody who has just signed in again. */
export const SURE = 100;

interface Notes {
  contexts: ContextScores;
  logins: Pick<LoginRecorder, 'marksOf'>;
}

/** @param db of role `door` */
export async function openPolicyDoor(
  { broadcast, log }: Backbone,
  db: pg.Pool,
  { contexts, logins }: Notes,
): Promise<PolicyDoor> {
  const followed = await followPolicies({ db, broadcast, log });
  const store = createDecisionStore({ pool: db, log });
  const stepUps = createStepUps({ db, publish: quietly(broadcast) });

  async function judgeOf(knocking: Knocking): Promise<Decided | undefined> {
    const { command, actor, institution_id, session_id, from } = knocking;
    const known = institution_id === null ? undefined : followed.of(institution_id);
    // A policy about step-ups would stand in the way of the step-up that it asks for.
    if (!known || !actor || command === confirmLogin.name) return undefined;
    const now = Date.now();
    // Where no policy is at work, nobody is asked anything.
    const { isAtWork, time_zone } = known;
    const policies = known.about(command);
    const isKnown = isSignedInNow(actor, now) || (isAtWork && stepUps.isKnown(actor, logins.marksOf(from)));
    const fit = isAtWork && !isKnown ? (await contexts.ofRequest(actor, from)).score : NEUTRAL;
    const judged = (stepped_up: boolean): Decided => {
      const asked: Asked = {
        ...{ command, role: actor.role, user_id: actor.id, session_id },
        ...{ stepped_up, confidence: stepped_up ? SURE : fit, hour: localHour(now, time_zone) },
      };
      const is_foreign_admin = actor.role === 'admin' && homeOf(actor) !== institution_id;
      const verdicts = judge(policies, asked);
      return { institution_id: institution_id!, asked, verdicts, is_accepted: true, is_foreign_admin };
    };
    const decided = judged(isKnown);
    if (isKnown || !decided.verdicts.some(asksForStepUp)) return decided;
    const isPressing = refusedIn(decided) !== undefined;
    return (await stepUps.find(actor, logins.marksOf(from), isPressing)) ? judged(true) : decided;
  }

  async function askedProblem(
    refused: Verdict,
    { command, actor, from }: Knocking & { actor: Actor },
  ): Promise<Problem> {
    const isMended = refused.lacks.every((lack) => MENDED.includes(lack));
    if (isMended) await stepUps.ask(actor, logins.marksOf(from), command, refused.policy_id);
    return problemOf(refused, isMended ? actor.login?.id : undefined);
  }

  return {
    ...{ judge: judgeOf, problemOf: askedProblem, note: store.note },
    async close() {
      followed.close();
      await store.close();
    },
  };
}

const SIGNED_IN_NOW_MS = STEP_UP_LASTS_MINUTES * 60_000;

/** The issuer of the token says when its person has signed in; without a word of it nobody knows. */
export function isSignedInNow({ signed_in_at }: Actor, now: number): boolean {
  return signed_in_at !== undefined && now - signed_in_at * 1_000 <= SIGNED_IN_NOW_MS;
}

const MENDED: readonly Lack[] = ['confidence', 'step_up'];
const asksForStepUp = ({ lacks }: Verdict) => lacks.some((lack) => MENDED.includes(lack));

/** By a policy that enforces. */
export function refusedIn({ verdicts }: Decided): Verdict | undefined {
  return verdicts.find(({ outcome }) => outcome === 'refused');
}

const WHY: Record<Lack, string> = {
  role: 'Your role may not send this.',
  hours: 'This is not sent at this hour.',
  confidence: 'It is not sure enough that it is you: sign in again.',
  step_up: 'This takes a sign-in within the last 15 minutes: sign in again.',
};

/** @param login_id of which a step-up is asked now */
function problemOf({ policy_id, lacks }: Verdict, login_id: string | undefined): Problem {
  const why = lacks.map((lack) => WHY[lack]).join(' ');
  const remedy =
    login_id === undefined
      ? 'A step-up does not help; an admin may know what does.'
      : `With the new token send POST /auth/sessions/${login_id}/confirm, and this again.`;
  const extra = { policy_id, lacks, ...(login_id !== undefined && { login_id }) };
  return new Problem('step_up_required', `${why} ${remedy}`, extra);
}
