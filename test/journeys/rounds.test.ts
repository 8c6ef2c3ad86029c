/**
 * Whole rounds over HTTP while somebody listens: an appellate moot and a mock trial. What the listener heard is the
 * log, the clock in the answers is the clock in the events, the client verifies and folds what it was told, and the record
 * verifies.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Cast, cast, get, type Json, must, openSession, type Person, post } from '../support/client.ts';
import { anotherPdf, FORM, field, file, formOf } from '../support/exhibits.ts';
import { followWhole } from '../support/follower.ts';
import { listenOnWebSocket } from '../support/listener.ts';
import { isLeftOut, kind, type Stack, startStack } from '../support/stack.ts';
import { expectIntact } from '../support/verdict.ts';

let stack: Stack;

beforeAll(async () => {
  if (!isLeftOut) stack = await startStack({ GUARD_MAX_KEYS: '1000', RATE_LIMIT_OBJECTIONS_PER_MINUTE: '10' });
});
afterAll(() => stack?.stop());

/** A session in this format with a listener, and hands to play it with. */
async function open(format: string | Json) {
  const people = cast();
  const { session_id, path } = await openSession(stack.url, people, { format });
  const listening = { token: people.student.token, session_id, last_sequence: 0 };
  const listener = await listenOnWebSocket(stack.relayUrl, listening);
  const { token } = people.student;
  const follower = followWhole({ url: stack.relayUrl, api: stack.url, session: session_id, token });
  let sent = 0;
  const send = (verb: string, body: Json, who: Person) =>
    post(stack.apis[sent++ % stack.apis.length]!, `${path}/${verb}`, who, body);
  const act = async (verb: string, body: Json = {}, who: Person = people.presiding) =>
    (await must(send(verb, body, who))).result as Json;
  const read = (part: string) => must(get(stack.url, `${path}${part}`, people.student));
  const { items: turns } = await read('/turns');

  async function finish(): Promise<Json[]> {
    const { integrity_hash } = await act('complete', { skip_turns: true });
    await listener.until(({ event_type }) => event_type === 'SESSION_COMPLETED');
    const { logs } = await read('/logs');
    expect(listener.events()).toEqual(logs);
    await follower.expectLog(logs);
    expect(logs.at(-1)).toMatchObject({ event_type: 'SESSION_COMPLETED', event_hash: integrity_hash });
    await expectIntact(stack.url, session_id, people.admin);
    listener.close();
    return logs;
  }

  /** Refusals of what is no longer possible. */
  const refused = async (verb: string, body: Json, who: Person) => {
    const answer = await send(verb, body, who);
    return [answer.status, answer.body.code];
  };

  return { people, session_id, path, act, read, finish, refused, turns: turns as Json[], listener };
}

type Court = Awaited<ReturnType<typeof open>>;

/** A speech of its own length, with whatever happens in it. */
async function speech({ act }: Court, turn: Json, who: Person, during: (turn: { turn_id: string }) => Promise<void>) {
  const named = { turn_id: turn.id as string };
  await act('turn/start', { ...named, speaker_id: who.id });
  await during(named);
  return act('turn/end', named);
}

const nothing = async () => {};

describe.skipIf(isLeftOut)(`a round, ${kind}`, () => {
  test('an appellate moot from the reserved rebuttal to the seal', { timeout: 300_000 }, async () => {
    const court = await open('moot-20');
    const { people, act, read, turns } = court;
    const { petitioner, respondent, presiding, judge, bailiff }: Cast = people;
    expect(turns.map(({ side, kind }) => `${side} ${kind}`)).toEqual([
      ...['petitioner argument', 'petitioner argument', 'respondent argument', 'respondent argument'],
      'petitioner rebuttal',
    ]);
    await act('turn/reserve_rebuttal', { turn_id: turns[4]!.id, reserved_ms: 120_000 }, bailiff);

    const first = await speech(court, turns[0]!, petitioner, async (turn) => {
      const running = await read('');
      expect(running.turn).toMatchObject({ id: turn.turn_id, speaker: { user_id: petitioner.id }, state: 'active' });
      expect(running.clock).toMatchObject({ running: true, cards_ms: [600_000, 420_000, 300_000, 180_000, 60_000] });
      await act('turn/question', { ...turn, phase: 'start' }, judge);
      const asked = await read('');
      expect(asked.clock).toMatchObject({ running: true, deadline: running.clock.deadline });
      await act('turn/question', { ...turn, phase: 'end' }, judge);
      const { clock } = await act('turn/extend', { ...turn, extension_ms: 60_000 }, presiding);
      expect(Date.parse(clock.deadline) - Date.parse(running.clock.deadline)).toBe(60_000);
    });
    expect(first).toMatchObject({ state: 'ended', questions: 1, extension_ms: 60_000, overtime_ms: 0 });
    expect(first.used_ms).toBe(Date.parse(first.ended_at) - Date.parse(first.started_at));

    const paused = await speech(court, turns[1]!, petitioner, async () => {
      await act('pause', { reason: 'Recess' });
      const standing = await read('');
      expect(standing.clock).toMatchObject({ running: false, deadline: null });
      await act('resume');
    });
    expect(paused.paused_ms).toBeGreaterThan(0);
    expect(paused.used_ms + paused.paused_ms).toBe(Date.parse(paused.ended_at) - Date.parse(paused.started_at));

    await speech(court, turns[2]!, respondent, async (turn) => {
      await act('turn/take_over', turn);
      await act('turn/return', turn);
      const point = { ...turn, ground: 'misrepresentation' };
      expect(await court.refused('objection/raise', { ...point, ground: 'hearsay' }, petitioner)).toEqual([
        ...[409, 'ground_not_heard'],
      ]);
      const { id: objection_id } = await act('objection/raise', point, petitioner);
      expect(await court.refused('complete', {}, presiding)).toEqual([409, 'turn_active']);
      expect(await court.refused('objection/rule', { objection_id, decision: 'sustained' }, judge)).toEqual([
        ...[403, 'not_presiding'],
      ]);
      await act('objection/rule', { objection_id, decision: 'overruled' }, presiding);
    });
    await speech(court, turns[3]!, respondent, nothing);
    await speech(court, turns[4]!, petitioner, nothing);
    await act(
      'violation/record',
      { user_id: respondent.id, kind: 'late_memorial', description: 'A day late.' },
      bailiff,
    );

    const logs = await court.finish();
    for (const list of ['turns', 'objections', 'violations']) {
      const { items, next_cursor } = await read(`/${list}`);
      expect([items.length, next_cursor]).toEqual([{ turns: 5, objections: 1, violations: 1 }[list], null]);
    }
    expect(logs.filter(({ event_type }) => event_type === 'TURN_ENDED')).toHaveLength(5);
    const { body } = await post(stack.url, `${court.path}/turn/end`, presiding, { turn_id: turns[0]!.id });
    expect(body.code).toBe('session_completed');
  });

  test('a mock trial with witnesses called in turn, objections ruled and exhibits in evidence', {
    timeout: 300_000,
  }, async () => {
    const court = await open('mock-trial-tba');
    const { people, act, read, turns, refused } = court;
    const { petitioner, respondent, presiding, bailiff } = people;
    const [opening, reply, direct, cross, ownDirect, ownCross, closing, answer, rebuttal] = turns as [
      ...[Json, Json, Json, Json, Json, Json, Json, Json, Json],
    ];
    await act('join', { role: 'petitioner' }, petitioner);
    await act('join', { role: 'respondent' }, respondent);
    const bringIn = async (who: Person, title: string, expected: string) => {
      const form = formOf(field('title', title), file(anotherPdf()));
      const sent = post(stack.url, `${court.path}/exhibit/upload`, who, form, { 'content-type': FORM });
      const exhibit_id: string = (await must(sent)).result.id;
      const { label } = await act('exhibit/mark', { exhibit_id }, bailiff);
      expect(label).toBe(expected);
      return { exhibit_id };
    };
    const charter = await bringIn(petitioner, 'The charter party', 'P-1');
    const letter = await bringIn(respondent, 'A letter of the master', 'R-1');
    expect(await refused('exhibit/tender', charter, petitioner)).toEqual([409, 'turn_not_active']);
    await speech(court, opening, petitioner, async (turn) => {
      expect(await refused('objection/raise', { ...turn, ground: 'hearsay' }, respondent)).toEqual([
        ...[409, 'objections_barred'],
      ]);
    });
    await speech(court, reply, respondent, nothing);

    const examined = await speech(court, direct, petitioner, async (turn) => {
      const objection = await act('objection/raise', { ...turn, ground: 'leading', reason: 'Yes or no.' }, respondent);
      expect(objection).toMatchObject({ state: 'pending', rule: '611(c)', side: 'respondent' });
      const standing = (await read('')).clock;
      expect(standing).toMatchObject({ running: false, deadline: null });
      expect(await refused('turn/end', turn, presiding)).toEqual([409, 'objection_pending']);
      await act('pause');
      const ruling = { objection_id: objection.id, decision: 'sustained', ruling: 'Rephrase.' };
      await act('objection/rule', ruling);
      // The ruling lets go of the clock, the recess does not.
      expect((await read('')).clock).toMatchObject({ running: false, remaining_ms: standing.remaining_ms });
      await act('resume');
      expect((await read('')).clock.running).toBe(true);
      const second = await act('objection/raise', { ...turn, ground: 'hearsay' }, respondent);
      await act('objection/withdraw', { objection_id: second.id }, respondent);
      await act('exhibit/tender', charter, petitioner);
      const admitted = { ...charter, decision: 'admitted' };
      expect(await refused('exhibit/rule', admitted, people.judge)).toEqual([403, 'not_presiding']);
      expect(await act('exhibit/rule', admitted)).toMatchObject({ state: 'admitted', label: 'P-1' });
    });
    const first = await speech(court, cross, respondent, async (turn) => {
      await act('turn/question', { ...turn, phase: 'start', judge_id: presiding.id }, bailiff);
      expect((await read('')).clock.running).toBe(false);
      await act('turn/question', { ...turn, phase: 'end' }, bailiff);
    });
    expect(first.paused_ms).toBeGreaterThan(0);

    // The second witness: each side goes on with what is left of its segment.
    const rest = await act('turn/plan', { continues: direct.id }, bailiff);
    expect(rest).toMatchObject({ kind: 'examination', allotted_ms: examined.allotted_ms - examined.used_ms });
    await speech(court, rest, petitioner, nothing);
    await speech(court, ownDirect, respondent, async () => {
      const found = 'He knows the master’s hand.';
      await act('exhibit/tender', letter, respondent);
      await act('exhibit/rule', { ...letter, decision: 'rejected', ruling: 'No foundation.' });
      await act('exhibit/tender', letter, respondent);
      await act('exhibit/rule', { ...letter, decision: 'admitted', ruling: found });
    });
    await speech(court, ownCross, petitioner, nothing);

    await act('turn/reserve_rebuttal', { turn_id: rebuttal.id, reserved_ms: 60_000 }, bailiff);
    await speech(court, closing, petitioner, nothing);
    await speech(court, answer, respondent, nothing);
    await act('turn/waive_rebuttal', { turn_id: rebuttal.id }, bailiff);
    await court.finish();
    const { items } = await read('/objections');
    expect(items.map(({ state }: Json) => state)).toEqual(['sustained', 'withdrawn']);
    const { items: exhibits } = await read('/exhibits');
    expect(exhibits.map(({ label, state }: Json) => `${label} ${state}`)).toEqual(['P-1 admitted', 'R-1 admitted']);
    const { attendance, is_final } = await read('/attendance');
    const present = (attendance as Json[]).filter(({ present_ms }) => present_ms > 0).map(({ role }) => role);
    expect([is_final, present]).toEqual([true, ['petitioner', 'respondent']]);
  });

  test('who joins in the middle of a speech sees whose it is, the clock and what is pending', async () => {
    const court = await open({
      ...{
        name: 'One speech',
        segments: [{ side: 'petitioner', kind: 'argument', allotted_ms: 60_000, objections: true }],
      },
    });
    const { people, act, session_id, turns } = court;
    const turn = { turn_id: turns[0]!.id };
    await act('turn/start', { ...turn, speaker_id: people.petitioner.id });
    const objection = await act('objection/raise', { ...turn, ground: 'hearsay' }, people.respondent);
    const late = await listenOnWebSocket(stack.relayUrl, { token: people.student.token, session_id });
    const { data } = await late.until(({ type }) => type === 'SNAPSHOT');
    expect(data.turn).toMatchObject({ id: turn.turn_id, state: 'active', paused_by: ['objection'] });
    expect(data.clock).toMatchObject({ running: false, deadline: null, server_time: expect.any(String) });
    expect(data.objections).toEqual([objection]);
    expect(data.clock.remaining_ms).toBeGreaterThan(0);
    late.close();
    await act('objection/withdraw', { objection_id: objection.id }, people.respondent);
    await act('turn/end', turn);
    await court.finish();
  });

  test('who objects for the eleventh time in a minute is told when to come back', async () => {
    const segments = [{ side: 'petitioner', kind: 'argument', allotted_ms: 60_000, objections: true }];
    const court = await open({ name: 'Lively', segments, objections_per_turn: 100 });
    const { petitioner, respondent } = court.people;
    await speech(court, court.turns[0]!, petitioner, async (turn) => {
      const body = { ...turn, ground: 'vague' };
      for (let n = 0; n < 10; n++) {
        const { id: objection_id } = await court.act('objection/raise', body, respondent);
        await court.act('objection/withdraw', { objection_id }, respondent);
      }
      const eleventh = await post(stack.url, `${court.path}/objection/raise`, respondent, body);
      expect(eleventh).toMatchObject({ status: 429, body: { code: 'rate_limited', limit: 'objection_raise' } });
      const seconds = Number(eleventh.headers.get('retry-after'));
      expect(seconds).toBe(Math.ceil(eleventh.body.retry_after_ms / 1_000));
      expect(seconds).toBeGreaterThan(0);
      expect(seconds).toBeLessThanOrEqual(60);
      const limits = ['limit', 'remaining', 'reset'].map((name) => eleventh.headers.get(`x-ratelimit-${name}`));
      expect(limits).toEqual(['10', '0', `${seconds}`]);
    });
    await court.finish();
  });
});
