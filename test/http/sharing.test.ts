/** Verifications of one session that are asked for at once: two at most are made, and none is older than the question. */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { createSharing } from '../../src/http/operations/sharing.ts';
import { type Cast, cast, get, openSession } from '../support/client.ts';
import { isLeftOut, type Stack, startStack } from '../support/stack.ts';

test('whoever asks while work is under way shares the next of it with all who do', async () => {
  const { share } = createSharing();
  const begun: (() => void)[] = [];
  const work = () =>
    new Promise<number>((resolve) => {
      const nth = begun.length + 1;
      begun.push(() => resolve(nth));
    });
  const first = share('a', work);
  const others = [1, 2, 3].map(() => share('a', work));
  void share('b', work);
  expect(begun).toHaveLength(2);
  begun[0]!();
  expect(await first).toBe(1);
  await vi.waitUntil(() => begun.length === 3, 20_000);
  const last = share('a', work);
  begun[2]!();
  expect(await Promise.all(others)).toEqual([3, 3, 3]);
  await vi.waitUntil(() => begun.length === 4, 20_000);
  begun[3]!();
  expect(await last).toBe(4);
  const after = share('a', work);
  expect(begun).toHaveLength(5);
  begun[4]!();
  expect(await after).toBe(5);
});

test('work that fails fails for those who shared it, and for nobody after them', async () => {
  const { share } = createSharing();
  const fail = () => Promise.reject(new Error('no'));
  const asked = [share('a', fail), share('a', fail), share('a', fail)];
  for (const one of await Promise.allSettled(asked)) expect(one).toMatchObject({ reason: { message: 'no' } });
  expect(await share('a', async () => 1)).toBe(1);
});

describe.skipIf(isLeftOut)('a session', () => {
  let stack: Stack;
  let people: Cast;

  beforeAll(async () => {
    stack = await startStack();
    people = cast();
  });

  afterAll(() => stack.stop());

  test('is verified by one connection however many ask, and what was tampered with before they asked is told to all', async () => {
    const { session_id, path } = await openSession(stack.url, people);
    const busy = async () => {
      const { rows } = await stack.pool.query(
        `select count(*)::int as count from pg_stat_activity
         where datname = current_database() and application_name = 'plearoll-verifier' and state <> 'idle'`,
      );
      return rows[0].count as number;
    };
    const ask = () => get(stack.url, `${path}/verify`, people.admin);
    const client = await stack.pool.connect();
    await client.query('begin; lock table event_payloads in access exclusive mode');
    const first = ask();
    await vi.waitUntil(async () => (await busy()) === 1, { timeout: 25_000, interval: 20 });
    await stack.pool.query(`update courtroom_sessions set title = 'Another case' where id = $1`, [session_id]);
    const others = Array.from({ length: 40 }, ask);
    await get(stack.url, path, people.admin);
    expect(await busy()).toBe(1);
    await client.query('rollback');
    client.release();
    expect((await first).status).toBe(200);
    const answers = await Promise.all(others);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    for (const { body } of answers) expect(body.issues).toEqual([expect.stringContaining('Another case')]);
  });
});
