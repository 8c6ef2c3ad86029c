/** A session is completed once, sealed with the hash of an event that counts and digests everything before it. */
import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import { expect, test } from 'vitest';
import { eventId } from '../../../src/core/chain/ids.ts';
import type { Exhibit } from '../../../src/court/exhibits/exhibit.ts';
import type { Segment } from '../../../src/court/formats/format.ts';
import { participantLeft } from '../../../src/court/participants/leaveSession.ts';
import { completeSession, sessionCompleted } from '../../../src/court/sessions/completeSession.ts';
import type { Participant } from '../../../src/court/sessions/session.ts';
import { stateDigest } from '../../../src/court/sessions/sessionDigest.ts';
import { participantResource } from '../../../src/court/sessions/sessionResource.ts';
import { turnEnded } from '../../../src/court/turns/endTurn.ts';
import { turnExpired } from '../../../src/court/turns/expireTurn.ts';
import { turnVoided } from '../../../src/court/turns/voidTurn.ts';
import { turnRebuttalWaived } from '../../../src/court/turns/waiveRebuttal.ts';
import { EXHIBIT, marked, tendered, uploaded } from '../../support/exhibits.ts';
import { given, NOW } from '../../support/given.ts';
import {
  outsideJudge,
  petitioner,
  petitionerJoined,
  presiding,
  SEAT,
  sessionThatIs,
  turnId,
} from '../../support/matchFixture.ts';
import { OBJECTION, objecting, round, speaking, variant } from '../../support/roundEvents.ts';

const PLANNED = '018f3c1e-7b2a-7c11-9d0e-0000000f1000';

const sealed = (expected: object) => ({
  ...sessionCompleted({ event_count: 0, state_digest: '', recording_url: null }),
  payload: expect.objectContaining(expected),
});

test.each(['active', 'paused'] as const)(
  'a session that is %s is completed, sealed by the hash of its last event',
  (status) => {
    const before = sessionThatIs[status];
    const verdict = given(...before)
      .when(completeSession, {}, presiding)
      .then(sealed({ event_count: before.length, recording_url: null }))!;
    const { event_hash } = verdict.rows[0]!;
    expect(verdict.result).toMatchObject({
      status: 'completed',
      ended_at: NOW,
      integrity_hash: event_hash,
      head: { event_sequence: before.length, event_hash },
    });
  },
);

test('the last event counts itself and digests the final state, as docs/record.md says', () => {
  const { states, rows } = given(...sessionThatIs.active, petitionerJoined)
    .when(completeSession, { recording_url: 'https://example.org/r/1' }, presiding)
    .then(sealed({ event_count: 4, recording_url: 'https://example.org/r/1' }))!;
  const { integrity_hash: _, participants, turns, commitments, ...session } = states.session;
  expect(turns.length).toBeGreaterThan(0);
  const lists = { violations: [], objections: [], exhibits: [], corrections: [] };
  expect(session).toMatchObject(lists);
  for (const list of Object.keys(lists)) delete session[list];
  const name = commitments[`${SEAT} name`];
  expect(name).toMatch(/^[0-9a-f]{64}$/);
  const shown = Object.values(participants as { [user: string]: Participant }).map(participantResource);
  const seats = shown.map((seat) => ({ ...seat, name }));
  const final = canonicalize({ ...session, turns, participants: seats }) as string;
  const state_digest = createHash('sha256').update(final).digest('hex');
  expect(JSON.parse(rows[0]!.payload!)).toMatchObject({ state_digest, digest_version: 2 });
});

test('whoever is still in the room leaves with the session; who left before keeps that time', () => {
  const open = given(...sessionThatIs.active, petitionerJoined).when(completeSession, {}, presiding);
  expect(open.then(sealed({}))!.states.session.participants[petitioner.id]).toMatchObject({
    status: 'disconnected',
    left_at: NOW,
  });
  const left = participantLeft({ participant_id: SEAT, user_id: petitioner.id });
  const gone = given(...sessionThatIs.active, petitionerJoined, left).when(completeSession, {}, presiding);
  const seat = gone.then(sealed({}))!.states.session.participants[petitioner.id];
  expect(seat.left_at < NOW).toBe(true);
});

test('a recording is named only by an https address without a password, and only where the feature is on', () => {
  const fits = (recording_url: string) => completeSession.body.safeParse({ recording_url }).success;
  expect(fits('https://example.org/r/1')).toBe(true);
  for (const wrong of ['javascript:alert(1)', 'http://example.org/r/1', 'https://clerk:secret@example.org/r/1'])
    expect(fits(wrong), wrong).toBe(false);
  expect(fits('https://example.org/é')).toBe(false);
  expect(fits(`https://example.org/${'r'.repeat(500)}`)).toBe(false);
  const asks = (input: object) => completeSession.features!(input as never);
  expect(asks({ recording_url: 'https://example.org/r/1' })).toEqual(['FEATURE_SESSION_RECORDING']);
  expect(asks({})).toEqual([]);
});

test('a pending session has nothing to complete, and completed is final', () => {
  const tried = (status: 'pending' | 'completed') =>
    given(...sessionThatIs[status]).when(completeSession, {}, presiding);
  tried('pending').then('invalid_transition', { from: 'pending', to: 'completed' });
  tried('completed').then('invalid_transition', { from: 'completed', to: 'completed' });
});

test('a judge whom the panel does not name completes nothing', () => {
  given(...sessionThatIs.active)
    .when(completeSession, {}, outsideJudge)
    .then('not_on_panel');
});

test('nothing is sealed while somebody speaks or a ruling is awaited, and it is said what is open', () => {
  given(...round('moot-20', speaking(1), objecting(1)))
    .when(completeSession, {}, presiding)
    .then('turn_active', { turn_id: turnId(1), objection_id: OBJECTION });
  const format = variant('amta', { pauses: { objection: false, question: false } });
  const timeUp = turnExpired({ turn_id: turnId(3), deadline: NOW, ends: true });
  given(...round(format, speaking(3), objecting(3, 'leading'), timeUp))
    .when(completeSession, {}, presiding)
    .then('objection_pending', { turn_id: null, objection_id: OBJECTION });
});

test('a session that is ended for those who left it open ends its turn, and its objection stays unruled', () => {
  const end = sessionCompleted({ event_count: 6, state_digest: '0'.repeat(64), recording_url: null });
  const states = given(...round('moot-20', speaking(1), objecting(1), end)).states();
  expect(states.session.turns[0]).toMatchObject({ state: 'ended', used_ms: 60_000, paused_by: [] });
  expect(states.session.objections).toMatchObject([{ state: 'unruled', ruled_at: null }]);
});

test('an exhibit that was tendered and not ruled on is sealed as unruled; what was never tendered stays as it is', () => {
  const other = eventId(EXHIBIT, 1);
  const brought = [uploaded(), marked(), uploaded(other), marked(2, other)];
  const over = turnEnded({ turn_id: turnId(1), used_ms: 60_000, overtime_ms: 0 });
  const { states, rows } = given(...round('moot-20', ...brought, speaking(1), tendered, over))
    .when(completeSession, { skip_turns: true }, presiding)
    .then(sealed({}))!;
  const { session } = states;
  expect(session.exhibits).toMatchObject([{ state: 'unruled', ruled_at: null }, { state: 'marked' }]);
  const { state_digest } = JSON.parse(rows[0]!.payload!);
  expect(stateDigest(session)).toBe(state_digest);
  const judged = session.exhibits.map((one: Exhibit) => ({ ...one, state: 'admitted' }));
  expect(stateDigest({ ...session, exhibits: judged })).not.toBe(state_digest);
});

const spoken = [speaking(1), turnEnded({ turn_id: turnId(1), used_ms: 60_000, overtime_ms: 0 })];

test('a round that has begun is not ended while turns are unspoken, unless it is said to be meant', () => {
  const half = given(...round('moot-20', ...spoken));
  const turn = (n: number, side: string) => ({ id: turnId(n), order_index: n, side, kind: 'argument' });
  half
    .when(completeSession, {}, presiding)
    .then('turns_unspoken', { turns: [turn(2, 'petitioner'), turn(3, 'respondent'), turn(4, 'respondent')] });
  half.when(completeSession, { skip_turns: false }, presiding).then('turns_unspoken');
  const { states } = half.when(completeSession, { skip_turns: true }, presiding).then(sealed({}))!;
  expect(states.session.turns.map(({ state }: { state: string }) => state)).toEqual([
    'ended',
    ...Array(4).fill('planned'),
  ]);
});

test('where every turn was spoken or waived nothing is said of turns', () => {
  const { segments } = variant('moot-20', {});
  const format = variant('moot-20', { segments: [segments[0], { ...segments[4], allotted_ms: 60_000 }] });
  const waived = turnRebuttalWaived({ turn_id: turnId(2) });
  given(...round(format, ...spoken, waived))
    .when(completeSession, {}, presiding)
    .then(sealed({}));
  given(...round(format, ...spoken))
    .when(completeSession, {}, presiding)
    .then('turns_unspoken');
});

test('a round of which the one turn that began is void has not begun', () => {
  const turn = { ...(variant('moot-20', {}).segments[0] as Segment), id: PLANNED, order_index: 1, continues: null };
  const voided = turnVoided({ turn_id: turnId(1), reason: 'The wrong side.', turn, rest_id: null });
  given(...round('moot-20', ...spoken, voided))
    .when(completeSession, {}, presiding)
    .then(sealed({}));
});
