/** The time of a turn runs out once, and only at the deadline that the turn has. */
import { expect, test } from 'vitest';
import type { Actor } from '../../../src/core/definitions/actor.ts';
import { sessionPaused } from '../../../src/court/sessions/pauseSession.ts';
import { sessionResumed } from '../../../src/court/sessions/resumeSession.ts';
import { expireTurn, turnExpired } from '../../../src/court/turns/expireTurn.ts';
import { commands } from '../../../src/modules.ts';
import { given } from '../../support/given.ts';
import { SESSION, superAdmin, turnId } from '../../support/matchFixture.ts';
import { at, MINUTE, round, speaking } from '../../support/roundEvents.ts';

const system: Actor = { id: 'system', role: 'system', institution_id: null };
const named = (deadline: string, turn_id = turnId(1)) => ({ session_id: SESSION, turn_id, deadline });
const DUE = at(9 * MINUTE);
const speech = given(...round('moot-20', speaking(1)));
const flagged = turnExpired({ turn_id: turnId(1), deadline: DUE, ends: false });

test('nobody sends it over HTTP', () => {
  expect(commands.map(({ name }) => name)).not.toContain(expireTurn.name);
});

test('with a stop card it flags the turn, which goes on', () => {
  const { states } = speech.when(expireTurn, named(DUE), system, { now: DUE }).then(flagged)!;
  expect(states.session.turns[0]).toMatchObject({ state: 'active', expired_at: DUE, ended_at: null });
});

test('otherwise it ends the turn, and how late that was noticed is nobody’s overtime', () => {
  const deadline = at(4 * MINUTE);
  const { states } = given(...round('amta', speaking(1)))
    .when(expireTurn, named(deadline), system, { now: at(4 * MINUTE + 900) })
    .then(turnExpired({ turn_id: turnId(1), deadline, ends: true }))!;
  expect(states.session.turns[0]).toMatchObject({ state: 'ended', used_ms: 5 * MINUTE, overtime_ms: 0 });
});

test('it happens once', () => {
  given(...round('moot-20', speaking(1), flagged))
    .when(expireTurn, named(at(8 * MINUTE)), system, { now: at(9 * MINUTE) })
    .then('turn_expired');
});

test('not a millisecond too early', () => {
  speech
    .when(expireTurn, named(DUE), system, { now: at(9 * MINUTE - 1) })
    .then('deadline_not_reached', { deadline: DUE });
});

test('a deadline that has moved means nothing any more', () => {
  const paused = [speaking(1), sessionPaused({ reason: null })];
  given(...round('moot-20', ...paused))
    .when(expireTurn, named(at(8 * MINUTE)), system, { now: DUE })
    .then('deadline_moved', { deadline: null });
  given(...round('moot-20', ...paused, sessionResumed({})))
    .when(expireTurn, named(at(7 * MINUTE)), system, { now: DUE })
    .then('deadline_moved', { deadline: at(8 * MINUTE) });
});

test('a turn that is not under way has no deadline', () => {
  given(...round('moot-20'))
    .when(expireTurn, named(DUE), system, { now: DUE })
    .then('turn_not_active');
  speech.when(expireTurn, named(DUE, superAdmin.id), system, { now: DUE }).then('not_found');
});
