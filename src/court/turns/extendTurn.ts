/** The presiding judge grants more time. After the time was up that does not take the flag away. */
import { z } from 'zod';
import { defineCommand } from '../../access/defineCommand.ts';
import { mayOfficiate } from '../../access/scope.ts';
import { defineEvent } from '../../core/definitions/event.ts';
import { isRejection } from '../../core/definitions/problem.ts';
import { id } from '../../core/definitions/schemas.ts';
import { theAssignment } from '../assignments/assignment.ts';
import { duration, MAX_DURATION_MS } from '../formats/format.ts';
import { reject } from '../problems.ts';
import { BENCH_AND_BAILIFF } from '../roles.ts';
import { type SessionState, sessionStream, theSession, withTurn } from '../sessions/session.ts';
import { clock, clockAt } from './clock.ts';
import {
  findActiveTurn,
  findHand,
  hand,
  OPEN_CODES,
  onBehalfOf,
  PRESIDING_CODES,
  refuseUnlessOpen,
  TURN_CODES,
  withoutNames,
} from './courtRefusals.ts';
import { expiryBefore, turnExpired } from './expireTurn.ts';
import { timedTurnAnswer, turnOfInput } from './shownTurn.ts';
import { turnOfPayload, turns, turnUpdate } from './turn.ts';

const extended = z.strictObject({ turn_id: id, extension_ms: z.int(), clock });

function withExtension(session: SessionState, payload: z.output<typeof extended>): SessionState {
  const turn = turnOfPayload(session.turns, payload);
  return withTurn(session, { ...turn, extension_ms: turn.extension_ms + payload.extension_ms });
}

export const turnExtended = defineEvent({
  stream: sessionStream,
  type: 'TURN_EXTENDED',
  payload: extended,
  evolve: (session, { payload }) => withExtension(session, payload),
  project: ({ payload }, { turns }) => [turnUpdate(turnOfPayload(turns, payload))],
});

/** Granted by the presiding judge, by another hand. */
export const turnExtendedFor = defineEvent({
  stream: sessionStream,
  type: 'TURN_EXTENDED_FOR',
  payload: extended.extend(hand.shape),
  evolve: (session, { payload }) => withExtension(session, payload),
  project: ({ payload }, { turns }) => [turnUpdate(turnOfPayload(turns, payload))],
  erased: withoutNames,
});

const body = z.strictObject({ turn_id: id, extension_ms: duration, on_behalf_of: onBehalfOf });

export const extendTurn = defineCommand({
  name: 'turn.extend',
  route: 'POST /api/session/:session_id/turn/extend',
  summary: 'Grant the speaker more time',
  who: BENCH_AND_BAILIFF,
  admits: mayOfficiate,
  locks: ({ session_id }, scope) => [theSession(session_id), theAssignment(scope.assignment_id)],
  finds: [turns],
  body,
  decide({ session, assignment }, { input, actor, now }) {
    const refusal = refuseUnlessOpen(session);
    if (refusal) return refusal;
    const hand = findHand(assignment, actor, input.on_behalf_of);
    if (hand && isRejection(hand)) return hand;
    const turn = findActiveTurn(session, input.turn_id);
    if (isRejection(turn)) return turn;
    const { extension_ms } = input;
    const most_ms = Math.min(session.format?.max_extension_ms ?? MAX_DURATION_MS, MAX_DURATION_MS - turn.extension_ms);
    if (extension_ms > most_ms) return reject('extension_too_long', `At most ${most_ms} ms.`, { most_ms });
    const expiry = expiryBefore(session, turn, now);
    if (isRejection(expiry)) return expiry;
    const after = { ...turn, extension_ms: turn.extension_ms + extension_ms };
    const facts = { turn_id: turn.id, extension_ms, clock: clockAt(after, now) };
    return [...expiry, hand ? turnExtendedFor({ ...facts, ...hand }) : turnExtended(facts)];
  },
  resource: timedTurnAnswer,
  result: turnOfInput,
  records: [turnExpired, turnExtended, turnExtendedFor],
  rejects: [
    ...OPEN_CODES,
    ...PRESIDING_CODES,
    'role_not_on_roster',
    ...TURN_CODES,
    'extension_too_long',
    'turn_expired',
  ],
});
