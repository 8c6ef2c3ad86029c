/** A rebuttal is carved out of the side's own time, within the format's bounds, before that time begins to run. */
import { expect, test } from 'vitest';
import { reserveRebuttal, turnRebuttalReserved } from '../../src/turns/reserveRebuttal.ts';
import { turnRebuttalWaived } from '../../src/turns/waiveRebuttal.ts';
import { bailiff, outsideJudge, sessionThatIs, superAdmin, turnId } from '../support/court.ts';
import { given } from '../support/given.ts';
import { MINUTE, round, speaking, variant } from '../support/round.ts';

const turn_id = turnId(5);
const body = (minutes: number) => ({ turn_id, reserved_ms: minutes * MINUTE });
const reserved = (minutes: number, ...allotted: [n: number, minutes: number][]) =>
  turnRebuttalReserved({
    ...body(minutes),
    allotted: [...allotted, [5, minutes]].map(([n, m]) => ({ turn_id: turnId(n!), allotted_ms: m! * MINUTE })),
  });
const moot = given(...round('moot-20'));

test('it is taken from the last argument of the side first, and each keeps what the format leaves it', () => {
  moot.when(reserveRebuttal, body(2), bailiff).then(reserved(2, [2, 8]));
  const { states } = moot.when(reserveRebuttal, body(6), bailiff).then(reserved(6, [2, 7], [1, 7]))!;
  expect(states.session.turns.map((turn: { allotted_ms: number }) => turn.allotted_ms / MINUTE)).toEqual([
    ...[7, 7, 10, 10, 6],
  ]);
});

test('another length gives time back or takes more', () => {
  const three = given(...round('moot-20', reserved(3, [2, 7])));
  three.when(reserveRebuttal, body(1), bailiff).then(reserved(1, [2, 9]));
  three.when(reserveRebuttal, body(4), bailiff).then(reserved(4, [1, 9]));
});

test('in a trial it is taken from the closing', () => {
  const verdict = given(...round('mock-trial-tba'))
    .when(reserveRebuttal, { turn_id: turnId(9), reserved_ms: MINUTE }, bailiff)
    .then(expect.objectContaining({ type: 'TURN_REBUTTAL_RESERVED' }))!;
  expect(verdict.states.session.turns[6].allotted_ms).toBe(4 * MINUTE);
});

test('it stays within the bounds of the format', () => {
  moot.when(reserveRebuttal, body(6.5), bailiff).then('rebuttal_out_of_bounds', { max_ms: 6 * MINUTE });
  given(...round('ncfca'))
    .when(reserveRebuttal, body(1.5), bailiff)
    .then('rebuttal_out_of_bounds', { step_ms: MINUTE });
});

test('what the side does not have it cannot reserve', () => {
  const bounds = { ...variant('moot-20', {}).rebuttal!, max_ms: 20 * MINUTE };
  given(...round(variant('moot-20', { rebuttal: bounds })))
    .when(reserveRebuttal, body(7), bailiff)
    .then('time_not_available');
});

test('it is fixed once an argument of the side has begun, or where the format says so at once', () => {
  given(...round('moot-20', speaking(1)))
    .when(reserveRebuttal, body(2), bailiff)
    .then('rebuttal_fixed');
  given(...round('ncfca', reserved(2, [2, 8])))
    .when(reserveRebuttal, body(3), bailiff)
    .then('rebuttal_fixed');
});

test('only a rebuttal is reserved, and not one that was waived', () => {
  moot.when(reserveRebuttal, { ...body(2), turn_id: turnId(1) }, bailiff).then('not_a_rebuttal');
  given(...round('moot-20', reserved(2, [2, 8]), turnRebuttalWaived({ turn_id })))
    .when(reserveRebuttal, body(2), bailiff)
    .then('turn_not_planned', { from: 'waived' });
});

test('refused as every command of the court', () => {
  moot.when(reserveRebuttal, body(2), outsideJudge).then('not_on_panel');
  moot.when(reserveRebuttal, body(2), { ...bailiff, id: superAdmin.id }).then('role_not_on_roster');
  moot.when(reserveRebuttal, { ...body(2), turn_id: superAdmin.id }, bailiff).then('not_found');
  given(...sessionThatIs.pending)
    .when(reserveRebuttal, body(2), bailiff)
    .then('session_not_active');
  given(...sessionThatIs.completed)
    .when(reserveRebuttal, body(2), bailiff)
    .then('session_completed');
});
