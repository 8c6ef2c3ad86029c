/** More time is the presiding judge's to grant. */
import { expect, test } from 'vitest';
import { turnExpired } from '../../../src/court/turns/expireTurn.ts';
import { extendTurn, turnExtended, turnExtendedFor } from '../../../src/court/turns/extendTurn.ts';
import { given } from '../../support/given.ts';
import {
  bailiff,
  judge,
  outsideJudge,
  presiding,
  scheduledToModerators,
  sessionThatIs,
  superAdmin,
  turnId,
} from '../../support/matchFixture.ts';
import { at, MINUTE, round, running, speaking } from '../../support/roundEvents.ts';

const turn_id = turnId(1);
const body = { turn_id, extension_ms: MINUTE };
const speech = given(...round('moot-20', speaking(1)));

test('the deadline moves by what is granted', () => {
  const { result } = speech
    .when(extendTurn, body, presiding)
    .then(turnExtended({ ...body, clock: running(10 * MINUTE) }))!;
  expect(result).toMatchObject({ extension_ms: MINUTE, clock: { deadline: at(10 * MINUTE) } });
});

test('after the time was up the turn keeps its flag', () => {
  const now = at(9 * MINUTE + 1_000);
  const { states } = speech.when(extendTurn, body, presiding, { now }).then(
    turnExpired({ turn_id, deadline: at(9 * MINUTE), ends: false }),
    turnExtended({
      ...body,
      clock: { remaining_ms: 59_000, overtime_ms: 0, running: true, deadline: at(10 * MINUTE) },
    }),
  )!;
  expect(states.session.turns[0].expired_at).toBe(at(9 * MINUTE));
});

test('a turn that its format ends is not extended after its time', () => {
  given(...round('amta', speaking(1)))
    .when(extendTurn, body, presiding, { now: at(4 * MINUTE) })
    .then('turn_expired');
});

test('the format bounds what is granted at once, and six hours whatever is granted together', () => {
  given(...round('mock-trial-tba', speaking(1)))
    .when(extendTurn, { turn_id, extension_ms: 30_001 }, presiding)
    .then('extension_too_long', { most_ms: 30_000 });
  const granted = turnExtended({ ...body, extension_ms: 6 * 60 * MINUTE, clock: running(0) });
  given(...round('moot-20', speaking(1), granted))
    .when(extendTurn, { turn_id, extension_ms: 1 }, presiding)
    .then('extension_too_long', { most_ms: 0 });
});

test.each([0, -1, 1.5, 6 * 60 * MINUTE + 1])('%s milliseconds are no extension', (extension_ms) => {
  expect(extendTurn.body.safeParse({ turn_id, extension_ms }).success).toBe(false);
});

test('no other judge grants time', () => {
  speech.when(extendTurn, body, judge).then('not_presiding', { status: 403 });
  speech.when(extendTurn, body, outsideJudge).then('not_on_panel');
});

test('only the turn under way is extended, in a session that runs', () => {
  given(...round('moot-20'))
    .when(extendTurn, body, presiding)
    .then('turn_not_active');
  speech.when(extendTurn, { ...body, turn_id: superAdmin.id }, presiding).then('not_found');
  given(...sessionThatIs.pending)
    .when(extendTurn, body, presiding)
    .then('session_not_active');
  given(...sessionThatIs.completed)
    .when(extendTurn, body, presiding)
    .then('session_completed');
});

test('a clerk enters what the presiding judge grants, and the record has both', () => {
  const hand = { judge_id: presiding.id, judge_name: 'Judge Okafor', acting_name: null };
  const extended = { ...body, clock: running(9 * MINUTE + body.extension_ms) };
  const { rows } = speech
    .when(extendTurn, { ...body, on_behalf_of: presiding.id }, superAdmin)
    .then(turnExtendedFor({ ...extended, ...hand }))!;
  expect(rows).toMatchObject([{ actor_id: superAdmin.id }]);
  speech.when(extendTurn, { ...body, on_behalf_of: judge.id }, superAdmin).then('not_presiding', { status: 409 });
});

test('a moderator does so where the match is run by its moderators', () => {
  const events = round('moot-20', speaking(1));
  given(scheduledToModerators, ...events.slice(1))
    .when(extendTurn, { ...body, on_behalf_of: presiding.id }, bailiff)
    .then(
      turnExtendedFor({
        ...body,
        clock: running(9 * MINUTE + body.extension_ms),
        judge_id: presiding.id,
        judge_name: 'Judge Okafor',
        acting_name: 'Sam Bailey',
      }),
    );
  given(...events)
    .when(extendTurn, { ...body, on_behalf_of: presiding.id }, bailiff)
    .then('role_not_on_roster');
});
