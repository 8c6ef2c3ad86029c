/** A stream that a stranger keeps locked, or a row beside it, waits alone: its neighbours go on, and nobody is blamed. */
import type pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { checkHistory, untilSettled } from '../support/checkHistory.ts';
import { type Cast, cast, get, openSession, post } from '../support/client.ts';
import { someOf } from '../support/everything.ts';
import { until } from '../support/processes.ts';
import { isLeftOut, type Stack, startStack } from '../support/stack.ts';

/** What a forgotten psql locks. The row beside is one that `session.pause` writes. */
const LOCKS = {
  'its own row': `select from streams where stream = 'session:' || $1 for update`,
  'the row of a stream beside it': `select from streams where stream = 'assignment:' ||
    (select assignment_id from courtroom_sessions where id = $1) for update`,
  'a row that its commands write': 'select from courtroom_sessions where id = $1 for update',
};

describe.skipIf(isLeftOut)('a stream', () => {
  let stack: Stack;
  let people: Cast;
  let locked: string;
  let others: string[];
  let stranger: pg.PoolClient;

  beforeAll(async () => {
    stack = await startStack();
    people = cast();
  });

  afterAll(() => stack.stop());

  beforeEach(async () => {
    const opened = await Promise.all(Array.from({ length: 8 }, () => openSession(stack.url, people)));
    [locked, ...others] = opened.map(({ session_id }) => session_id) as [string, ...string[]];
    stranger = await stack.pool.connect();
    await stranger.query('begin');
  });

  afterEach(() => stranger.release(true));

  let asked = 0;
  const url = () => stack.apis[asked++ % stack.apis.length]!;
  const send = (session_id: string, verb: string, body?: object, prefer = 'wait=10') =>
    post(url(), `/api/session/${session_id}/${verb}`, people.admin, body, { prefer });
  const entry = { event_type: 'ENTRY', details: {} };
  const accept = async (session_id: string, verb: string, body?: object): Promise<string> =>
    (await send(session_id, verb, body, 'respond-async')).body.command_id;
  const publishedOf = async (session_id: string) =>
    (await stack.pool.query('select reason from stream_backoffs where stream = $1', [`session:${session_id}`])).rows;

  async function toldUntil(): Promise<Date | undefined> {
    const text = 'select until from stream_backoffs where stream = $1';
    return (await stack.pool.query(text, [`session:${locked}`])).rows[0]?.until;
  }

  async function stateOf(id: string) {
    const { rows } = await stack.pool.query('select status, attempts, last_error from commands where id = $1', [id]);
    return rows[0];
  }

  const untouched = { status: 'accepted', attempts: 0, last_error: null };
  const applied = { status: 'applied', attempts: 1, last_error: null };

  test.each(Object.entries(LOCKS))(
    'of which %s is locked waits alone, is told of, and goes on in order',
    async (_, lock) => {
      await stranger.query(lock, [locked]);
      const waiting = [await accept(locked, 'pause'), await accept(locked, 'log', entry)];
      const answers = await Promise.all(others.map((other) => send(other, 'log', entry)));
      expect(answers.map(({ status }) => status)).toEqual(others.map(() => 200));
      await until('it is told that it waits', async () => (await publishedOf(locked)).length > 0);
      expect(await publishedOf(locked)).toEqual([{ reason: 'locked' }]);
      const more = await Promise.all(others.map((other) => send(other, 'pause')));
      expect(more.map(({ status }) => status)).toEqual(others.map(() => 200));
      for (const id of waiting) expect(await stateOf(id)).toEqual(untouched);
      await stranger.query('rollback');
      await untilSettled(stack.pool);
      for (const id of waiting) expect(await stateOf(id)).toEqual(applied);
      const [pause, log] = await Promise.all(waiting.map((id) => get(url(), `/api/command/${id}`, people.admin)));
      expect(log!.body.sequence_from).toBe(pause!.body.sequence_from + 1);
      await checkHistory(stack.database, []);
    },
  );

  test.each(someOf(Object.entries(LOCKS)))(
    'of which %s stays locked until its commands are suspects costs them no attempt',
    async (_, lock) => {
      await stranger.query(lock, [locked]);
      const waiting = [await accept(locked, 'pause'), await accept(locked, 'log', entry)];
      await stack.pool.query(
        `update commands set accepted_at = accepted_at - interval '20 seconds' where id = any($1)`,
        [waiting],
      );
      const first = (await until('it is told that it waits', () => toldUntil())).getTime();
      await until('it was tried more often than a command may be', async () => {
        return (await toldUntil())!.getTime() > first + 3_000;
      });
      await stranger.query('rollback');
      await untilSettled(stack.pool);
      for (const id of waiting) expect(await stateOf(id)).toEqual(applied);
      await checkHistory(stack.database, []);
    },
  );
});
