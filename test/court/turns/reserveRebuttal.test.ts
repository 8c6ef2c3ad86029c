/** A rebuttal is carved out of the side's own time, within the format's bounds, before that time begins to run. */
import { expect, test } from 'vitest';
import { turnEnded } from '../../../src/court/turns/endTurn.ts';
import { turnPlanned, turnReplanned } from '../../../src/court/turns/planTurn.ts';
import { reserveRebuttal, turnRebuttalReserved } from '../../../src/court/turns/reserveRebuttal.ts';
import { turnRebuttalWaived } from '../../../src/court/turns/waiveRebuttal.ts';
import { given } from '../../support/given.ts';
import { bailiff, outsideJudge, sessionThatIs, superAdmin, turnId } from '../../support/matchFixture.ts';
import { MINUTE, round, speaking, variant } from '../../support/roundEvents.ts';

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

/** The bailiff gives the n-th turn so many minutes. */
const split = (n: number, minutes: number) => turnReplanned({ turn_id: turnId(n), allotted_ms: minutes * MINUTE });

test('time of the side that is allotted to nobody is taken first', () => {
  given(...round('moot-20', split(1, 8), split(2, 9)))
    .when(reserveRebuttal, body(3), bailiff)
    .then(reserved(3));
  given(...round('moot-20', split(1, 8), split(2, 9)))
    .when(reserveRebuttal, body(4), bailiff)
    .then(reserved(4, [2, 8]));
  given(...round('moot-20', split(1, 7), split(2, 7)))
    .when(reserveRebuttal, body(6), bailiff)
    .then(reserved(6));
  given(...round('ncfca', split(1, 7), split(2, 7)))
    .when(reserveRebuttal, body(4), bailiff)
    .then(reserved(4));
});

test('what is free counts only where the format bounds the time of the side', () => {
  const verdict = given(...round('mock-trial-tba', split(7, 3)))
    .when(reserveRebuttal, { turn_id: turnId(9), reserved_ms: MINUTE }, bailiff)
    .then(expect.objectContaining({ type: 'TURN_REBUTTAL_RESERVED' }))!;
  expect(verdict.states.session.turns[6].allotted_ms).toBe(2 * MINUTE);
});

test('a side without turns to take it from reserves what it has free', () => {
  const [argument, , , , rebuttal] = variant('moot-20', {}).segments;
  const examination = { ...argument!, kind: 'examination' };
  given(...round(variant('moot-20', { segments: [examination, rebuttal] })))
    .when(reserveRebuttal, { turn_id: turnId(2), reserved_ms: MINUTE }, bailiff)
    .then(expect.objectContaining({ type: 'TURN_REBUTTAL_RESERVED' }));
});

test('whoever gives time keeps some: no turn is left with none', () => {
  const closing = { turn_id: turnId(9), reserved_ms: 9 * MINUTE };
  given(...round('amta'))
    .when(reserveRebuttal, closing, bailiff)
    .then('rebuttal_out_of_bounds', { max_ms: 9 * MINUTE - 1_000 });
  const { states } = given(...round('amta'))
    .when(reserveRebuttal, { ...closing, reserved_ms: 9 * MINUTE - 1_000 }, bailiff)
    .then(expect.objectContaining({ type: 'TURN_REBUTTAL_RESERVED' }))!;
  expect(states.session.turns[6].allotted_ms).toBe(1_000);
  const bounds = { ...variant('amta', {}).rebuttal!, max_ms: 9 * MINUTE };
  given(...round(variant('amta', { rebuttal: bounds })))
    .when(reserveRebuttal, closing, bailiff)
    .then('time_not_available');
});

test('turns that were planned beside the format’s give nothing, and fix nothing once they are held', () => {
  const more = { side: 'petitioner', kind: 'argument', allotted_ms: 3 * MINUTE, min_ms: 0, protected_ms: 0 } as const;
  const extra = { ...more, id: turnId(10), order_index: 10, objections: false, continues: null };
  const events = [turnPlanned({ turn: extra }), speaking(10)];
  const ended = turnEnded({ turn_id: turnId(10), used_ms: MINUTE, overtime_ms: 0 });
  const verdict = given(...round('mock-trial-tba', ...events, ended))
    .when(reserveRebuttal, { turn_id: turnId(9), reserved_ms: MINUTE }, bailiff)
    .then(expect.objectContaining({ type: 'TURN_REBUTTAL_RESERVED' }))!;
  expect(verdict.states.session.turns[6].allotted_ms).toBe(4 * MINUTE);
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
