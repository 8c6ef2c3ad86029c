/** The presiding judge admits an exhibit that is tendered, or rejects it. What is admitted stays so unless the ruling is corrected. */

import { z } from 'zod';
import { defineCommand } from '../../access/defineCommand.ts';
import { mayOfficiate } from '../../access/scope.ts';
import { defineEvent, type RecordedEvent } from '../../core/definitions/event.ts';
import { privateText } from '../../core/definitions/privateText.ts';
import { isRejection } from '../../core/definitions/problem.ts';
import { id, remark } from '../../core/definitions/schemas.ts';
import { theAssignment } from '../assignments/assignment.ts';
import { reject } from '../problems.ts';
import { BENCH_AND_BAILIFF } from '../roles.ts';
import { type SessionState, sessionStream, theSession, withSource } from '../sessions/session.ts';
import {
  findHand,
  hand,
  OPEN_CODES,
  onBehalfOf,
  PRESIDING_CODES,
  refuseUnlessOpen,
  withoutNames,
} from '../turns/courtRefusals.ts';
import {
  DECISIONS,
  exhibitAnswer,
  exhibitOf,
  exhibitOfInput,
  exhibits,
  exhibitUpdate,
  findExhibit,
  withExhibit,
} from './exhibit.ts';

const ruled = z.strictObject({ exhibit_id: id, decision: z.enum(DECISIONS), ruling: privateText.nullable() });

function withRuling(
  session: SessionState,
  event: RecordedEvent<z.output<typeof ruled>>,
  ruled_by: string,
): SessionState {
  const { exhibit_id, decision, ruling } = event.payload;
  const after = withExhibit(session, exhibit_id, { state: decision, ruling, ruled_by, ruled_at: event.at });
  return withSource(after, exhibit_id, 'ruling', event);
}

export const exhibitRuled = defineEvent({
  stream: sessionStream,
  type: 'EXHIBIT_RULED',
  payload: ruled,
  evolve: (session, event) => withRuling(session, event, event.actor),
  project: ({ payload }, session) => [exhibitUpdate(exhibitOf(session, payload.exhibit_id))],
  erased: (payload) => ({ ...payload, ruling: null }),
});

/** The presiding judge's ruling by another hand. */
export const exhibitRuledFor = defineEvent({
  stream: sessionStream,
  type: 'EXHIBIT_RULED_FOR',
  payload: ruled.extend(hand.shape),
  evolve: (session, event) => withRuling(session, event, event.payload.judge_id),
  project: ({ payload }, session) => [exhibitUpdate(exhibitOf(session, payload.exhibit_id))],
  erased: (payload) => ({ ...withoutNames(payload), ruling: null }),
});

const body = z.strictObject({
  exhibit_id: id,
  decision: z.enum(DECISIONS),
  ruling: remark.optional(),
  on_behalf_of: onBehalfOf,
});

export const ruleExhibit = defineCommand({
  name: 'exhibit.rule',
  route: 'POST /api/session/:session_id/exhibit/rule',
  summary: 'Admit an exhibit that is tendered, or reject it',
  who: BENCH_AND_BAILIFF,
  admits: mayOfficiate,
  locks: ({ session_id }, scope) => [theSession(session_id), theAssignment(scope.assignment_id)],
  finds: [exhibits],
  body,
  decide({ session, assignment }, { input, actor }) {
    const refusal = refuseUnlessOpen(session);
    if (refusal) return refusal;
    const hand = findHand(assignment, actor, input.on_behalf_of);
    if (hand && isRejection(hand)) return hand;
    const exhibit = findExhibit(session, input.exhibit_id);
    if (isRejection(exhibit)) return exhibit;
    const { id: exhibit_id, state } = exhibit;
    if (state === 'uploaded' || state === 'marked') {
      return reject('exhibit_not_tendered', `The exhibit is ${state}.`, { from: state });
    }
    if (state !== 'tendered') return reject('exhibit_decided', `The exhibit is ${state}.`, { from: state });
    const { decision, ruling = null } = input;
    const facts = { exhibit_id, decision, ruling };
    return [hand ? exhibitRuledFor({ ...facts, ...hand }) : exhibitRuled(facts)];
  },
  resource: exhibitAnswer,
  result: exhibitOfInput,
  records: [exhibitRuled, exhibitRuledFor],
  rejects: [
    ...OPEN_CODES,
    ...PRESIDING_CODES,
    'role_not_on_roster',
    'not_found',
    'exhibit_not_tendered',
    'exhibit_decided',
  ],
});
