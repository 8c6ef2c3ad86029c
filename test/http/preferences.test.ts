/** Prefer, If-Match and ETag, and asking how a command stands. */
import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Answer, type Cast, cast, get, must, openSession, type Person, person, post } from '../support/client.ts';
import { isLeftOut, type Stack, startStack } from '../support/stack.ts';
import { expectIntact } from '../support/verdict.ts';

const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

describe.skipIf(isLeftOut)('a command', () => {
  let stack: Stack;
  let people: Cast;
  let session: { session_id: string; path: string };

  beforeAll(async () => {
    stack = await startStack();
    people = cast();
  });

  afterAll(() => stack.stop());

  beforeEach(async () => {
    session = await openSession(stack.url, people, { start: false });
  });

  afterEach(() => expectIntact(stack.url, session.session_id, people.admin));

  let asked = 0;
  const url = () => stack.apis[asked++ % stack.apis.length]!;
  const act = (verb: string, headers: Record<string, string> = {}, body?: unknown, who: Person = people.admin) =>
    post(url(), `${session.path}/${verb}`, who, body, headers);
  const stateOf = (id: string, who: Person | null = people.admin, prefer?: string) =>
    get(url(), `/api/command/${id}`, who, prefer === undefined ? {} : { prefer });

  describe('with Prefer', () => {
    test('respond-async is answered as soon as it is accepted, with the place to ask', async () => {
      const answer = await act('start', { prefer: 'respond-async' });
      const { command_id } = answer.body;
      expect(answer.status).toBe(202);
      expect(Object.fromEntries(answer.headers)).toMatchObject({
        ...{ location: `/api/command/${command_id}`, 'retry-after': expect.stringMatching(/^\d+$/) },
        'preference-applied': 'respond-async',
      });
      expect(answer.body).toEqual({
        ...{ command_id, name: 'session.start', status: 'accepted', attempts: 0 },
        ...{ accepted_at: expect.stringMatching(INSTANT), finished_at: null },
      });
    });

    test('wait=0 does not wait, and more than 30 s are 30', async () => {
      const hurried = await act('start', { prefer: 'wait=0' });
      expect([hurried.status, hurried.headers.get('preference-applied')]).toEqual([202, 'wait=0']);
      const patient = await act('log', { prefer: 'wait=3600' }, { event_type: 'NOTE', details: {} });
      expect([patient.status, patient.headers.get('preference-applied')]).toEqual([200, 'wait=30']);
    });

    test('wait as well as respond-async waits for so long, and then does not', async () => {
      const answer = await act('start', { prefer: 'respond-async, wait=20' });
      expect([answer.status, answer.headers.get('preference-applied')]).toEqual([200, 'respond-async, wait=20']);
    });

    test.each(['', 'wait', 'wait=', 'wait=-1', 'wait=soon', 'return=minimal', 'handling=strict, x'])(
      '%j, which we do not know, is ignored',
      async (prefer) => {
        const answer = await act('start', { prefer });
        expect([answer.status, answer.headers.get('preference-applied')]).toEqual([200, null]);
      },
    );
  });

  describe('when asked about', () => {
    test('shows what it was answered with, once it is applied', async () => {
      const { body: accepted } = await act('start', { prefer: 'respond-async' });
      const { status, body, headers } = await stateOf(accepted.command_id, people.admin, 'wait=20');
      expect(status).toBe(200);
      expect(headers.get('preference-applied')).toBe('wait=20');
      const { stream, sequence_from, sequence_to, events, result, ...state } = body;
      expect(state).toEqual({
        ...{ command_id: accepted.command_id, name: 'session.start', status: 'applied', attempts: 1 },
        ...{ accepted_at: accepted.accepted_at, finished_at: expect.stringMatching(INSTANT) },
      });
      const shown = (await get(url(), session.path, people.admin)).body;
      expect({ stream, sequence_from, sequence_to, result }).toEqual({
        ...{ stream: `session:${session.session_id}`, sequence_from: 2, sequence_to: 2, result: shown },
      });
      expect(events).toEqual([{ event_sequence: 2, event_type: 'SESSION_STARTED', event_hash: shown.head.event_hash }]);
    });

    test('shows the same fields as its answer did', async () => {
      const { status: _, ...answered } = (await act('start')).body;
      expect((await stateOf(answered.command_id)).body).toMatchObject(answered);
    });

    test('shows its problem, when it was rejected', async () => {
      const refused = await act('pause');
      expect(refused.status).toBe(409);
      const { command_id, instance } = refused.body;
      expect(instance).toBe(`/api/command/${command_id}`);
      expect((await stateOf(command_id)).body).toEqual({
        ...{ command_id, name: 'session.pause', status: 'rejected', attempts: 1 },
        ...{ accepted_at: expect.stringMatching(INSTANT), finished_at: expect.stringMatching(INSTANT) },
        problem: refused.body,
      });
    });

    test('is shown to who sent it, to admins of the institution, and to super_admins', async () => {
      const { command_id } = (await act('start', {}, undefined, people.presiding)).body;
      const sight = async (who: Person | null) => (await stateOf(command_id, who)).status;
      expect(await sight(people.presiding)).toBe(200);
      expect(await sight(people.admin)).toBe(200);
      expect(await sight(person('super_admin'))).toBe(200);
      for (const who of [people.judge, people.petitioner, person('admin', { institution_id: randomUUID() })]) {
        expect(await sight(who)).toBe(404);
      }
      expect(await sight(null)).toBe(401);
    });

    test('to look on shows its ticket to who looks on, and to no admin', async () => {
      const { command_id, result } = await must(act('observe', {}, undefined, people.student));
      expect((await stateOf(command_id, people.student)).body.result).toEqual(result);
      const { ticket: _, ...rest } = result;
      expect((await stateOf(command_id, people.admin)).body.result).toEqual(rest);
    });

    test('a guest of another institution is known to the session’s admins', async () => {
      const guest = person('participant', { institution_id: randomUUID() });
      const { path } = await openSession(url(), people, { visibility: 'public' });
      const { command_id } = await must(post(url(), `${path}/observe`, guest));
      expect((await stateOf(command_id, people.admin)).status).toBe(200);
      expect((await stateOf(command_id, guest)).status).toBe(200);
    });

    test.each(['x', randomUUID(), '%20'])('as %s is not found', async (id) => {
      expect(await stateOf(id)).toMatchObject({ status: 404, body: { code: 'not_found' } });
    });
  });

  describe('with If-Match', () => {
    const etag = ({ headers }: Answer) => headers.get('etag')!;

    test('is applied where the session stands there, which is what its ETag says', async () => {
      const seen = await get(url(), session.path, people.admin);
      expect(etag(seen)).toBe(`"${seen.body.head.event_sequence}"`);
      expect((await act('start', { 'if-match': etag(seen) })).status).toBe(200);
      const moved = await get(url(), session.path, people.admin);
      expect(etag(moved)).toBe('"2"');
    });

    test('is rejected where it does not, before anything else is looked at, and that is its outcome', async () => {
      const refused = await act('pause', { 'if-match': '"7"' });
      expect(refused).toMatchObject({ status: 412, body: { code: 'precondition_failed' } });
      expect((await stateOf(refused.body.command_id)).body).toMatchObject({
        status: 'rejected',
        problem: { status: 412 },
      });
      expect((await get(url(), session.path, people.admin)).body.head.event_sequence).toBe(1);
    });

    test('of many who saw the same head one gets through', async () => {
      const log = { event_type: 'NOTE', details: {} };
      const answers = await Promise.all(Array.from({ length: 10 }, () => act('log', { 'if-match': '"1"' }, log)));
      expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array(9).fill(412)]);
    });

    test('is not disturbed by spectators, who move no head', async () => {
      const observed = await act('observe', {}, undefined, people.student);
      expect(observed).toMatchObject({
        status: 201,
        body: { status: 'applied', stream: null, sequence_from: null, sequence_to: null, events: [] },
      });
      expect((await act('start', { 'if-match': '"1"' })).status).toBe(200);
    });

    test.each(['*', ' "1" '])('%s holds here', async (text) => {
      expect((await act('start', { 'if-match': text })).status).toBe(200);
    });

    test.each(['1', '"one"', '""', '"1", "2"', '"99999999999"', '"-1"'])('%s is refused', async (text) => {
      const answer = await act('start', { 'if-match': text });
      expect(answer).toMatchObject({ status: 422, body: { errors: [{ pointer: '/If-Match' }] } });
    });
  });
});
