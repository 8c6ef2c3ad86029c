/** Time is planned within what the format leaves: more turns, other lengths, and the rest of a turn that ended early. */
import { expect, test } from 'vitest';
import { MAX_DURATION_MS } from '../../../src/court/formats/format.ts';
import { turnEnded } from '../../../src/court/turns/endTurn.ts';
import { turnExtended } from '../../../src/court/turns/extendTurn.ts';
import { planTurn, turnPlanned, turnReplanned } from '../../../src/court/turns/planTurn.ts';
import { given, givenEvery } from '../../support/given.ts';
import { bailiff, outsideJudge, presiding, sessionThatIs, superAdmin, turnId } from '../../support/matchFixture.ts';
import { MINUTE, round, running, speaking } from '../../support/roundEvents.ts';

const PLANNED = '018f3c1e-1111-7111-8111-111111110000';
const more = { side: 'respondent', kind: 'examination', allotted_ms: MINUTE } as const;
const trial = given(...round('mock-trial-tba'));
const moot = given(...round('moot-20'));
const ended = turnEnded({ turn_id: turnId(3), used_ms: MINUTE, overtime_ms: 0 });
const early = round('mock-trial-tba', speaking(3), ended);
const rest = { ...more, side: 'petitioner', allotted_ms: 19 * MINUTE, min_ms: 0, protected_ms: 0 } as const;
const planned = { id: PLANNED, order_index: 10, objections: true, continues: turnId(3), ...rest };

test('a turn beyond those of the format comes last', () => {
  const turn = { ...more, id: PLANNED, order_index: 10, min_ms: 0, protected_ms: 0, objections: false };
  const { result } = trial.when(planTurn, more, bailiff).then(turnPlanned({ turn: { ...turn, continues: null } }))!;
  expect(result).toMatchObject({ id: PLANNED, state: 'planned', order_index: 10, clock: null });
});

test('the rest of a turn that was ended early is another turn, once', () => {
  given(...early)
    .when(planTurn, { continues: turnId(3) }, bailiff)
    .then(turnPlanned({ turn: planned }));
  given(...early, turnPlanned({ turn: { ...planned, id: turnId(50) } }))
    .when(planTurn, { continues: turnId(3) }, bailiff)
    .then('time_not_available');
});

const extended = (extension_ms: number) => turnExtended({ turn_id: turnId(1), extension_ms, clock: running(0) });
const cut = turnEnded({ turn_id: turnId(1), used_ms: 0, overtime_ms: 0 });
const goOn = { continues: turnId(1) };

test.each([
  ['what is left of the protected part', 'ncfca', 20_000, { protected_ms: 40_000, allotted_ms: 10 * MINUTE - 20_000 }],
  ['none of it once it is over', 'ncfca', MINUTE, { protected_ms: 0, allotted_ms: 9 * MINUTE }],
])('the rest of a turn keeps %s', (_, format, spoken_ms, kept) => {
  givenEvery(spoken_ms, ...round(format, speaking(1), cut))
    .when(planTurn, goOn, bailiff)
    .then(expect.objectContaining({ payload: { turn: expect.objectContaining(kept) } }));
});

test('the rest of a turn is six hours at most, however much was granted', () => {
  given(...round('moot-20', speaking(1), extended(MAX_DURATION_MS), cut))
    .when(planTurn, goOn, bailiff)
    .then(expect.objectContaining({ payload: { turn: expect.objectContaining({ allotted_ms: MAX_DURATION_MS }) } }));
});

test('what was granted is no time of the side, also where the turn is continued', () => {
  const second = (minutes: number) => ({ turn_id: turnId(2), allotted_ms: minutes * MINUTE });
  // The first spoke for 8 of 10 + 3 minutes.
  const events = [turnReplanned(second(8)), speaking(1), extended(3 * MINUTE), cut];
  const going = {
    ...planned,
    id: turnId(6),
    kind: 'argument',
    allotted_ms: 5 * MINUTE,
    order_index: 6,
    ...goOn,
  } as const;
  const court = givenEvery(4 * MINUTE, ...round('moot-20', ...events, turnPlanned({ turn: going })));
  court.when(planTurn, second(10), bailiff).then(turnReplanned(second(10)));
  court.when(planTurn, second(10.5), bailiff).then('time_not_available', { left_ms: 10 * MINUTE });
});

test('of a turn that has not ended there is no rest', () => {
  trial.when(planTurn, { continues: turnId(3) }, bailiff).then('turn_not_ended', { from: 'planned' });
});

test('two oralists split the time of their side, each with what the format leaves to each', () => {
  const split = (allotted_ms: number) => ({ turn_id: turnId(1), allotted_ms });
  moot.when(planTurn, split(7 * MINUTE), bailiff).then(turnReplanned(split(7 * MINUTE)));
  moot.when(planTurn, split(7 * MINUTE - 1), bailiff).then('time_not_available', { least_ms: 7 * MINUTE });
  moot.when(planTurn, split(10 * MINUTE + 1), bailiff).then('time_not_available', { left_ms: 10 * MINUTE });
});

test('a side whose time is all allotted gets no further turn', () => {
  moot.when(planTurn, more, bailiff).then('time_not_available', { left_ms: 0 });
});

test('a rebuttal is reserved, not planned', () => {
  trial.when(planTurn, { ...more, kind: 'rebuttal' }, bailiff).then('rebuttal_out_of_bounds');
  trial.when(planTurn, { ...more, kind: 'sur_rebuttal' }, bailiff).then('rebuttal_out_of_bounds');
  moot.when(planTurn, { turn_id: turnId(5), allotted_ms: MINUTE }, bailiff).then('rebuttal_out_of_bounds');
});

test('a turn that has begun keeps its length', () => {
  given(...round('moot-20', speaking(1)))
    .when(planTurn, { turn_id: turnId(1), allotted_ms: 8 * MINUTE }, bailiff)
    .then('turn_not_planned', { from: 'active' });
});

test.each([
  [{}],
  [{ side: 'respondent', kind: 'closing' }],
  [{ ...more, turn_id: PLANNED }],
  [{ continues: PLANNED, allotted_ms: MINUTE }],
  [{ turn_id: PLANNED, continues: PLANNED }],
  [{ ...more, protected_ms: MINUTE + 1 }],
  [{ ...more, allotted_ms: 0 }],
  [{ ...more, allotted_ms: -1 }],
  [{ ...more, allotted_ms: 6 * 60 * MINUTE + 1 }],
])('%j plans nothing', (body) => {
  expect(planTurn.body.safeParse(body).success).toBe(false);
});

test('nothing is planned before the session begins, nor once it is completed', () => {
  given(...sessionThatIs.pending)
    .when(planTurn, more, bailiff)
    .then('session_not_active');
  given(...sessionThatIs.completed)
    .when(planTurn, more, bailiff)
    .then('session_completed');
});

test('who does not belong to the session plans nothing, and nobody what the chain does not know', () => {
  trial.when(planTurn, more, outsideJudge).then('not_on_panel');
  trial.when(planTurn, more, { ...bailiff, id: superAdmin.id }).then('role_not_on_roster');
  trial.when(planTurn, { continues: superAdmin.id }, presiding).then('not_found');
});
