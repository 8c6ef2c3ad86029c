/** The log of a session, by ranges and from an event on; and what is answered at paths that are none. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cast, get, type Json, must, openSession, post, send } from '../support/client.ts';
import { HASH, type Hearing, holdHearing, INSTANT, UUID } from '../support/readOnlySession.ts';
import { isLeftOut, type Stack, startStack } from '../support/stack.ts';
import { expectIntact } from '../support/verdict.ts';

describe.skipIf(isLeftOut)('reading the record', () => {
  let stack: Stack;
  let people: Hearing['people'];
  let session: Hearing['session'];
  let url: Hearing['url'];
  let read: Hearing['read'];

  beforeAll(async () => {
    stack = await startStack();
    ({ people, session, url, read } = await holdHearing(stack));
  });

  afterAll(async () => {
    await expectIntact(stack.url, session.session_id, people.admin);
    await stack.stop();
  });

  describe('the log', () => {
    const logs = (query = '') => read(`${session.path}/logs${query}`);

    test('is every event as it leaves the system, and where it ends', async () => {
      const { logs: events, ...page } = await logs();
      const head = { event_sequence: 8, event_hash: events[7].event_hash };
      expect(page).toEqual({
        ...{ session_id: session.session_id, start_sequence: 1, end_sequence: 8, head },
        ...{ is_complete: false, next_sequence: null },
      });
      expect(events.map(({ event_type }: Json) => event_type)).toEqual([
        ...['SESSION_CREATED', 'SESSION_STARTED', 'PARTICIPANT_JOINED', 'PARTICIPANT_JOINED', 'PARTICIPANT_LEFT'],
        ...['PARTICIPANT_RECONNECTED', 'NOTE', 'NOTE'],
      ]);
      for (const [i, event] of events.entries()) {
        expect(event).toEqual({
          ...{ stream: `session:${session.session_id}`, session_id: session.session_id, event_sequence: i + 1 },
          ...{ event_type: expect.any(String), event_id: UUID, actor_id: expect.any(String), occurred_at: INSTANT },
          ...{ previous_hash: i === 0 ? '0'.repeat(64) : events[i - 1].event_hash, event_hash: HASH },
          ...{ payload: expect.any(Object), payload_salt: HASH, payload_commitment: HASH },
        });
      }
      expect(events[6]).toMatchObject({ actor_id: people.presiding.id, payload: { n: 1 } });
      expect(JSON.stringify(events)).not.toContain('tablet');
    });

    test.each<[query: string, from: number, sequences: number[], next: number | null]>([
      ['?start_sequence=3', 3, [3, 4, 5, 6, 7, 8], null],
      ['?end_sequence=2', 1, [1, 2], null],
      ['?start_sequence=3&end_sequence=5', 3, [3, 4, 5], null],
      ['?start_sequence=3&end_sequence=3', 3, [3], null],
      ['?limit=3', 1, [1, 2, 3], 4],
      ['?start_sequence=4&limit=2', 4, [4, 5], 6],
      ['?start_sequence=4&end_sequence=5&limit=2', 4, [4, 5], null],
      ['?start_sequence=4&end_sequence=6&limit=2', 4, [4, 5], 6],
      ['?start_sequence=7&limit=2', 7, [7, 8], null],
      ['?start_sequence=9', 9, [], null],
      ['?start_sequence=2147483647', 2147483647, [], null],
      ['?start_sequence=5&end_sequence=4', 5, [], null],
      ['?end_sequence=1000000&limit=1000', 1, [1, 2, 3, 4, 5, 6, 7, 8], null],
    ])(
      '%s is inclusive at both ends and says what is left',
      async (query, start_sequence, sequences, next_sequence) => {
        const { logs: events, ...page } = await logs(query);
        expect(events.map(({ event_sequence }: Json) => event_sequence)).toEqual(sequences);
        const end_sequence = sequences.at(-1) ?? start_sequence - 1;
        expect(page).toMatchObject({ start_sequence, end_sequence, next_sequence, head: { event_sequence: 8 } });
      },
    );

    test.each(['start_sequence', 'end_sequence', 'limit'])('%s is a number in its range', async (name) => {
      const values = ['0', '-1', '1.5', 'x', '', '2147483648', ...(name === 'limit' ? ['1001'] : [])];
      for (const value of values) {
        const { status, body } = await get(url(), `${session.path}/logs?${name}=${value}`, people.admin);
        expect({ value, status, at: body.errors?.[0].pointer }).toEqual({ value, status: 422, at: `/${name}` });
      }
    });

    test('is complete when the session is', async () => {
      const own = cast();
      const { path } = await openSession(url(), own);
      await must(post(url(), `${path}/complete`, own.admin));
      expect(await read(`${path}/logs?limit=1`, own.admin)).toMatchObject({ is_complete: true, next_sequence: 2 });
    });

    test('replayed from an event on has that one too', async () => {
      const whole = await logs();
      expect(await read(`${session.path}/replay`)).toEqual(whole);
      expect(await read(`${session.path}/replay?from_sequence=6`)).toEqual(await logs('?start_sequence=6'));
      expect(await read(`${session.path}/replay?from_sequence=9`)).toMatchObject({ logs: [], end_sequence: 8 });
      for (const query of ['from_sequence=0', 'from_sequence=x', 'start_sequence=1']) {
        expect((await get(url(), `${session.path}/replay?${query}`, people.admin)).status).toBe(422);
      }
    });
  });

  describe('a path', () => {
    test.each<[method: string, path: string, allow: string]>([
      ['PUT', '', 'HEAD, GET'],
      ['DELETE', '/logs', 'HEAD, GET'],
      ['POST', '', 'HEAD, GET'],
      ['GET', '/start', 'POST'],
      ['PATCH', '/log', 'POST'],
    ])('that has other methods than %s says which: %s', async (method, path, allow) => {
      const { status, headers, body } = await send(url(), method, session.path + path, people.admin);
      expect({ status, code: body.code, allow: headers.get('allow') }).toEqual({
        status: 405,
        code: 'method_not_allowed',
        allow,
      });
      const options = await send(url(), 'OPTIONS', session.path + path, null);
      expect([options.status, options.headers.get('allow')]).toEqual([204, allow]);
    });

    test('answers HEAD like GET, without a body', async () => {
      const head = await fetch(url() + session.path, {
        method: 'HEAD',
        headers: { authorization: `Bearer ${people.admin.token}` },
      });
      expect([head.status, head.headers.get('etag'), await head.text()]).toEqual([200, '"8"', '']);
    });

    test.each(['/nothing', '/api', '/api/session', '/api/nothing', '/api/session/x/nothing', '/..%2f', '/integrity'])(
      'that leads nowhere is not found: %s',
      async (path) => {
        const { status, body } = await get(url(), path, people.admin);
        expect({ status, code: body.code }).toEqual({ status: 404, code: 'not_found' });
      },
    );

    test('that cannot be read is refused', async () => {
      expect(await get(url(), '/api/session/%zz', people.admin)).toMatchObject({
        status: 400,
        body: { code: 'bad_request' },
      });
    });

    test('whose id is no uuid is not found', async () => {
      for (const at of [
        '/api/session/x',
        '/api/assignment/x',
        '/api/session/a%00b',
        `/api/session/${session.session_id}0/logs`,
      ]) {
        expect(await get(url(), at, people.admin)).toMatchObject({ status: 404, body: { code: 'not_found' } });
      }
    });
  });
});
