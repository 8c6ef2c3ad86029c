/** A reserved rebuttal may be waived until it begins. */
import { expect, test } from 'vitest';
import { turnRebuttalReserved } from '../../../src/court/turns/reserveRebuttal.ts';
import { turnRebuttalWaived, waiveRebuttal } from '../../../src/court/turns/waiveRebuttal.ts';
import { given } from '../../support/given.ts';
import { bailiff, outsideJudge, sessionThatIs, superAdmin, turnId } from '../../support/matchFixture.ts';
import { MINUTE, round } from '../../support/roundEvents.ts';

const turn_id = turnId(5);
const reserved = turnRebuttalReserved({
  ...{ turn_id, reserved_ms: MINUTE },
  allotted: [{ turn_id, allotted_ms: MINUTE }],
});
const moot = given(...round('moot-20', reserved));

test('it will not be held, and its time goes to nobody', () => {
  const { states, result } = moot.when(waiveRebuttal, { turn_id }, bailiff).then(turnRebuttalWaived({ turn_id }))!;
  expect(result).toMatchObject({ id: turn_id, state: 'waived', allotted_ms: MINUTE });
  expect(states.session.turns[1].allotted_ms).toBe(10 * MINUTE);
});

test('what was not reserved, is waived, or is no rebuttal is not waived', () => {
  given(...round('moot-20'))
    .when(waiveRebuttal, { turn_id }, bailiff)
    .then('rebuttal_not_reserved');
  given(...round('moot-20', reserved, turnRebuttalWaived({ turn_id })))
    .when(waiveRebuttal, { turn_id }, bailiff)
    .then('turn_not_planned');
  moot.when(waiveRebuttal, { turn_id: turnId(1) }, bailiff).then('not_a_rebuttal');
});

test('refused as every command of the court', () => {
  moot.when(waiveRebuttal, { turn_id }, outsideJudge).then('not_on_panel');
  moot.when(waiveRebuttal, { turn_id }, { ...bailiff, id: superAdmin.id }).then('role_not_on_roster');
  moot.when(waiveRebuttal, { turn_id: superAdmin.id }, bailiff).then('not_found');
  given(...sessionThatIs.pending)
    .when(waiveRebuttal, { turn_id }, bailiff)
    .then('session_not_active');
  given(...sessionThatIs.completed)
    .when(waiveRebuttal, { turn_id }, bailiff)
    .then('session_completed');
});
