/** The floor is given to one speaker at a time, of the side whose turn it is. */
import { expect, test } from 'vitest';
import { endTurn } from '../../../src/court/turns/endTurn.ts';
import { startTurn, turnStarted } from '../../../src/court/turns/startTurn.ts';
import { given, NOW } from '../../support/given.ts';
import {
  admin,
  bailiff,
  judge,
  outsideJudge,
  petitioner,
  presiding,
  respondent,
  sessionThatIs,
  superAdmin,
  turnId,
} from '../../support/matchFixture.ts';
import { MINUTE, objecting, round, running, speaking, variant } from '../../support/roundEvents.ts';

const first = { turn_id: turnId(1), speaker_id: petitioner.id };
const active = given(...round('moot-20'));

test.each([presiding, judge, bailiff, admin, superAdmin])('$role $id gives somebody the floor', (actor) => {
  const { result, states } = active
    .when(startTurn, first, actor)
    .then(turnStarted({ ...first, speaker_name: 'Ada Petrova', clock: running(10 * MINUTE) }))!;
  expect(result).toMatchObject({
    ...{ id: turnId(1), state: 'active', speaker: { user_id: petitioner.id, name: 'Ada Petrova' }, started_at: NOW },
    clock: { ...running(10 * MINUTE), server_time: NOW },
  });
  expect(states.session.turns[0]).toMatchObject({ state: 'active', speaker_id: petitioner.id });
});

test('nobody speaks while somebody else does', () => {
  given(...round('moot-20', speaking(1)))
    .when(startTurn, { turn_id: turnId(3), speaker_id: respondent.id }, presiding)
    .then('turn_active', { status: 409, turn_id: turnId(1) });
});

test('a turn is held once', () => {
  const body = { turn_id: turnId(1), speaker_id: petitioner.id };
  given(...round('moot-20', speaking(1), ...ended()))
    .when(startTurn, body, presiding)
    .then('turn_not_planned', { from: 'ended' });
});

function ended() {
  const { rows } = given(...round('moot-20', speaking(1)))
    .when(endTurn, { turn_id: turnId(1) }, presiding)
    .then(expect.objectContaining({ type: 'TURN_ENDED' }))!;
  return [{ kind: 'session', type: 'TURN_ENDED', payload: JSON.parse(rows[0]!.payload!) }];
}

test('nobody speaks for the other side, nor who is on no roster', () => {
  active.when(startTurn, { ...first, speaker_id: respondent.id }, presiding).then('not_on_roster');
  active.when(startTurn, { ...first, speaker_id: superAdmin.id }, presiding).then('not_on_roster');
});

test('a rebuttal that was not reserved is not held', () => {
  active.when(startTurn, { turn_id: turnId(5), speaker_id: petitioner.id }, presiding).then('rebuttal_not_reserved');
});

test('where the rebuttal must be reserved, the side does not begin without; the other side does', () => {
  const ncfca = given(...round('ncfca'));
  ncfca.when(startTurn, first, presiding).then('rebuttal_not_reserved', { turn_id: turnId(5) });
  ncfca
    .when(startTurn, { turn_id: turnId(3), speaker_id: respondent.id }, presiding)
    .then(expect.objectContaining({ type: 'TURN_STARTED' }));
});

test('the next turn waits for a ruling that the last one left open', () => {
  const quick = variant('amta', { pauses: { objection: false, question: false } });
  const late = round(quick, speaking(3), objecting(3, 'leading'), {
    ...{ kind: 'session', type: 'TURN_EXPIRED' },
    payload: { turn_id: turnId(3), deadline: NOW, ends: true },
  });
  given(...late)
    .when(startTurn, { turn_id: turnId(4), speaker_id: respondent.id }, presiding)
    .then('objection_pending');
});

test('turns are held only while the session is active', () => {
  const tried = (status: 'pending' | 'paused' | 'completed') =>
    given(...sessionThatIs[status]).when(startTurn, first, presiding);
  tried('pending').then('session_not_active', { from: 'pending' });
  tried('paused').then('session_not_active', { from: 'paused' });
  tried('completed').then('session_completed');
});

test('a judge of no panel and a moderator of no roster start nothing', () => {
  active.when(startTurn, first, outsideJudge).then('not_on_panel');
  active.when(startTurn, first, { ...bailiff, id: superAdmin.id }).then('role_not_on_roster');
});

test('a turn that the chain does not know is no turn', () => {
  active.when(startTurn, { ...first, turn_id: superAdmin.id }, presiding).then('not_found', { status: 404 });
});
