/** Many at once on the same session: each gets one outcome, order is kept, and the record has no gap. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  type Answer,
  assignmentBody,
  type Cast,
  cast,
  get,
  type Json,
  must,
  openSession,
  type Person,
  post,
} from '../support/client.ts';
import { isLeftOut, type Stack, startStack } from '../support/stack.ts';
import { expectIntact } from '../support/verdict.ts';

const times = <T>(n: number, make: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => make(i));

describe.skipIf(isLeftOut)('at once', () => {
  let stack: Stack;
  let people: Cast;
  let session: { session_id: string; path: string };

  beforeAll(async () => {
    stack = await startStack();
  });

  afterAll(() => stack.stop());

  beforeEach(async () => {
    people = cast();
    session = await openSession(stack.url, people, { start: false });
  });

  afterEach(() => expectIntact(stack.url, session.session_id, people.admin));

  let asked = 0;
  const url = () => stack.apis[asked++ % stack.apis.length]!;
  const act = (verb: string, body?: object, who: Person = people.admin, headers: Record<string, string> = {}) =>
    post(url(), `${session.path}/${verb}`, who, body, headers);
  const note = (details: object) => ({ event_type: 'NOTE', details });
  const events = async (): Promise<Json[]> => (await get(url(), `${session.path}/logs`, people.admin)).body.logs;
  const fates = (answers: Answer[]) =>
    answers.map(({ status, body }) => `${status} ${body.code ?? body.status}`).sort();

  test('of 20 who start the session one does', async () => {
    const answers = await Promise.all(times(20, () => act('start')));
    expect(fates(answers)).toEqual(['200 applied', ...times(19, () => '409 invalid_transition')]);
    for (const { body } of answers.filter(({ status }) => status === 409)) {
      expect(body).toMatchObject({ from: 'active', to: 'active', command_id: expect.any(String) });
    }
    expect((await events()).map(({ event_type }) => event_type)).toEqual(['SESSION_CREATED', 'SESSION_STARTED']);
  });

  test('of 20 who open the session of an assignment one does, and all are told which it is', async () => {
    const { result } = await must(post(url(), '/api/assignment/create', people.admin, assignmentBody(people)));
    const body = { assignment_id: result.id };
    const answers = await Promise.all(times(20, () => post(url(), '/api/session/create', people.admin, body)));
    expect(fates(answers)).toEqual(['201 applied', ...times(19, () => '409 session_exists')]);
    const made = answers.find(({ status }) => status === 201)!.body.result.id;
    expect(new Set(answers.map(({ body }) => body.session_id ?? body.result.id))).toEqual(new Set([made]));
  });

  test('100 entries get 100 sequences without a gap, each the one that its answer says', async () => {
    const answers = await Promise.all(times(100, (n) => act('log', note({ n }))));
    const log = await events();
    expect(log.map(({ event_sequence }) => event_sequence)).toEqual(times(101, (i) => i + 1));
    for (const [n, { status, body }] of answers.entries()) {
      expect({ status, sequence: body.sequence_to }).toEqual({ status: 200, sequence: body.sequence_from });
      expect(log[body.sequence_to - 1]).toMatchObject({ event_id: body.result.id, payload: { n } });
    }
  });

  test('who sends one after the other, without waiting for outcomes, is recorded in that order', async () => {
    const clients = [people.admin, people.presiding, people.judge];
    const send = async (who: Person) => {
      let last = '';
      for (let n = 0; n < 20; n++) {
        const answer = await act('log', note({ by: who.id, n }), who, { prefer: 'respond-async' });
        expect(answer.status).toBe(202);
        last = answer.body.command_id;
      }
      await get(url(), `/api/command/${last}`, who, { prefer: 'wait=20' });
    };
    await Promise.all(clients.map(send));
    const log = await events();
    for (const { id } of clients) {
      const own = log.filter(({ payload }) => payload.by === id).map(({ payload }) => payload.n);
      expect(own).toEqual(times(20, (n) => n));
    }
  });

  test('a person who joins ten times takes one seat and is counted ten times', async () => {
    const answers = await Promise.all(times(10, () => act('join', { role: 'petitioner' }, people.petitioner)));
    expect(answers.map(({ body }) => body.result.connection_count).sort((a, b) => a - b)).toEqual(
      times(10, (i) => i + 1),
    );
    const { items } = (await get(url(), `${session.path}/participants`, people.admin)).body;
    expect(items).toMatchObject([{ user_id: people.petitioner.id, connection_count: 10, status: 'connected' }]);
  });

  test('nothing is recorded after the session is completed, whoever was quicker', async () => {
    await must(act('start'));
    const entries = times(30, (n) => act('log', note({ n })));
    const [completed, ...answers] = await Promise.all([act('complete'), ...entries]);
    expect(completed.status).toBe(200);
    const log = await events();
    const recorded = answers.filter(({ status }) => status === 200).length;
    expect(fates(answers.filter(({ status }) => status !== 200))).toEqual(
      times(30 - recorded, () => '409 session_completed'),
    );
    expect(log).toHaveLength(3 + recorded);
    expect(log.at(-1)).toMatchObject({ event_type: 'SESSION_COMPLETED', payload: { event_count: log.length } });
  });

  test('of 50 who object at once one is heard, and of 20 who give the floor one does', async () => {
    await must(act('start'));
    const { items } = (await get(url(), `${session.path}/turns`, people.admin)).body;
    const start = (i: number) =>
      act('turn/start', { turn_id: items[i % 2].id, speaker_id: people.petitioner.id }, people.presiding);
    const starts = await Promise.all(times(20, start));
    expect(fates(starts)).toEqual(['200 applied', ...times(19, () => '409 turn_active')]);
    const turn_id = starts.find(({ status }) => status === 200)!.body.result.id;
    const body = { turn_id, ground: 'procedural' };
    const raised = await Promise.all(times(50, () => act('objection/raise', body, people.respondent)));
    expect(fates(raised)).toEqual(['200 applied', ...times(49, () => '409 objection_pending')]);
    const objection_id = raised.find(({ status }) => status === 200)!.body.result.id;
    for (const { body: told } of raised.filter(({ status }) => status === 409)) {
      expect(told.objection_id).toBe(objection_id);
    }
    const decide = (i: number) =>
      act('objection/rule', { objection_id, decision: i % 2 === 0 ? 'sustained' : 'overruled' }, people.presiding);
    const rulings = await Promise.all(times(20, decide));
    expect(fates(rulings)).toEqual(['200 applied', ...times(19, () => '409 objection_decided')]);
    const ends = await Promise.all(times(20, () => act('turn/end', { turn_id }, people.presiding)));
    expect(fates(ends)).toEqual(['200 applied', ...times(19, () => '409 turn_not_active')]);
    expect((await events()).map(({ event_type }) => event_type)).toEqual([
      ...['SESSION_CREATED', 'SESSION_STARTED', 'TURN_STARTED', 'OBJECTION_RAISED', 'OBJECTION_RULED', 'TURN_ENDED'],
    ]);
  });

  test('turns that follow one another without waiting are one batch, and each begins after the other ended', async () => {
    await must(act('start'));
    const { items } = (await get(url(), `${session.path}/turns`, people.admin)).body;
    const later = { prefer: 'respond-async' };
    const one = stack.apis[0]!;
    let last = '';
    for (const { id: turn_id, side } of items.slice(0, 4)) {
      const speaker_id = side === 'petitioner' ? people.petitioner.id : people.respondent.id;
      await post(one, `${session.path}/turn/start`, people.admin, { turn_id, speaker_id }, later);
      last = (await post(one, `${session.path}/turn/end`, people.admin, { turn_id }, later)).body.command_id;
    }
    await get(one, `/api/command/${last}`, people.admin, { prefer: 'wait=20' });
    expect((await events()).slice(2).map(({ event_type }) => event_type)).toEqual(
      times(8, (i) => (i % 2 === 0 ? 'TURN_STARTED' : 'TURN_ENDED')),
    );
  });

  test('many sessions run side by side, and the whole institution’s record is sound', async () => {
    const own = cast();
    const play = async () => {
      const { path, session_id } = await openSession(url(), own);
      const seats = [own.petitioner, own.respondent].map((who, i) =>
        must(post(url(), `${path}/join`, who, { role: ['petitioner', 'respondent'][i] })),
      );
      await Promise.all([...seats, ...times(3, (n) => must(post(url(), `${path}/log`, own.admin, note({ n }))))]);
      await must(post(url(), `${path}/complete`, own.presiding));
      await expectIntact(url(), session_id, own.admin);
    };
    await Promise.all(times(10, play));
    const verdict = await get(url(), '/integrity/global-verify', own.admin);
    expect(verdict).toMatchObject({
      status: 200,
      body: { sessions_checked: 10, invalid_sessions: [], tamper_detected: false, system_valid: true },
    });
  });
});
