/** The presiding judge admits an exhibit that is tendered, or rejects it. An admitted one is locked for good. */

import { z } from 'zod';
import { defineCommand } from '../../access/defineCommand.ts';
import { mayOfficiate } from '../../access/scope.ts';
import { defineEvent } from '../../core/definitions/event.ts';
import { privateText } from '../../core/definitions/privateText.ts';
import { isRejection } from '../../core/definitions/problem.ts';
import { id, remark } from '../../core/definitions/schemas.ts';
import { theAssignment } from '../assignments/assignment.ts';
import { reject } from '../problems.ts';
import { sessionStream, theSession, withSource } from '../sessions/session.ts';
import { OPEN_CODES, PRESIDING_CODES, refuseUnlessOpen, refuseUnlessPresiding } from '../turns/courtRefusals.ts';
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

export const exhibitRuled = defineEvent({
  stream: sessionStream,
  type: 'EXHIBIT_RULED',
  payload: z.strictObject({ exhibit_id: id, decision: z.enum(DECISIONS), ruling: privateText.nullable() }),
  evolve(session, event) {
    const { at, actor, payload } = event;
    const { exhibit_id, decision, ruling } = payload;
    const ruled = withExhibit(session, exhibit_id, { state: decision, ruling, ruled_by: actor, ruled_at: at });
    return withSource(ruled, exhibit_id, 'ruling', event);
  },
  project: ({ payload }, session) => [exhibitUpdate(exhibitOf(session, payload.exhibit_id))],
});

const body = z.strictObject({
  exhibit_id: id,
  decision: z.enum(DECISIONS),
  ruling: remark.optional(),
});

export const ruleExhibit = defineCommand({
  name: 'exhibit.rule',
  route: 'POST /api/session/:session_id/exhibit/rule',
  summary: 'Admit an exhibit that is tendered, or reject it',
  who: ['judge'],
  admits: mayOfficiate,
  locks: ({ session_id }, scope) => [theSession(session_id), theAssignment(scope.assignment_id)],
  finds: [exhibits],
  body,
  decide({ session, assignment }, { input, actor }) {
    const refusal = refuseUnlessOpen(session) ?? refuseUnlessPresiding(assignment, actor);
    if (refusal) return refusal;
    const exhibit = findExhibit(session, input.exhibit_id);
    if (isRejection(exhibit)) return exhibit;
    const { id: exhibit_id, state } = exhibit;
    if (state === 'uploaded' || state === 'marked') {
      return reject('exhibit_not_tendered', `The exhibit is ${state}.`, { from: state });
    }
    if (state !== 'tendered') return reject('exhibit_decided', `The exhibit is ${state}.`, { from: state });
    const { decision, ruling = null } = input;
    return [exhibitRuled({ exhibit_id, decision, ruling })];
  },
  resource: exhibitAnswer,
  result: exhibitOfInput,
  records: [exhibitRuled],
  rejects: [...OPEN_CODES, ...PRESIDING_CODES, 'not_found', 'exhibit_not_tendered', 'exhibit_decided'],
});
