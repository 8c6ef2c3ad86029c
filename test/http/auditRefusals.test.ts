/** Refusals are on the audit trail: one entry for each person, route, code and minute, whichever door refused; without a token none. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { amountOf } from '../support/amounts.ts';
import { type Cast, cast, get, type Json, must, openSession, post } from '../support/client.ts';
import { isEverything } from '../support/everything.ts';
import { quickest } from '../support/quickest.ts';
import { isLeftOut, type Stack, startStack } from '../support/stack.ts';
import { untilAudited } from '../support/trail.ts';
import { expectIntact } from '../support/verdict.ts';

const INSERT = `
  insert into audit_refusals
  select date_trunc('minute', now()) - interval '5 minutes', $1::uuid, $2, 'participant', 'GET /api/n', 'forbidden', 7
  from generate_series(1, 1)`;

describe.skipIf(isLeftOut)('refusals', () => {
  let stack: Stack;
  let people: Cast;
  let session: { session_id: string; path: string };

  beforeAll(async () => {
    stack = await startStack();
    people = cast();
    session = await openSession(stack.url, people, { visibility: 'private' });
  });
  afterAll(async () => {
    await expectIntact(stack.url, session.session_id, people.admin);
    await stack.stop();
  });

  const refused = async () =>
    (await must(get(stack.url, '/audit?type=access_deny', people.admin))).items.filter(
      ({ outcome }: Json) => outcome === 'refused',
    ) as Json[];
  const stored = async () => (await stack.pool.query('select count(*)::integer as n from audit_refusals')).rows[0].n;

  async function refuse(): Promise<void> {
    for (let i = 0; i < 6; i += 1) {
      const url = stack.apis[i % stack.apis.length]!;
      expect(await post(url, `${session.path}/start`, people.student)).toMatchObject({ status: 403 });
      expect(await get(url, session.path, people.student)).toMatchObject({ status: 404 });
      expect(await get(url, session.path, null)).toMatchObject({ status: 401 });
    }
  }

  test('are counted, and none is written by a request', async () => {
    const before = await amountOf('http_refusals_total', stack.backbones, 'status="401"');
    const minute = () => Math.floor(Date.now() / 60_000);
    const began = minute();
    await refuse();
    if (minute() === began) expect(await stored()).toBe(0);
    expect(await amountOf('http_refusals_total', stack.backbones, 'status="401"')).toBe(before + 6);
  });

  test('of a minute that is over become an entry each, once', async () => {
    await stack.pool.query(INSERT, [people.institution_id, people.petitioner.id]);
    const own = async () => (await refused()).filter(({ user_id }) => user_id === people.petitioner.id);
    await expect.poll(own).toMatchObject([{ action: 'GET /api/n', code: 'forbidden', count: 7, command_id: null }]);
    await untilAudited(stack.pool);
    expect(await own()).toHaveLength(1);
    const { rows } = await stack.pool.query('select from audit_refusals where user_id = $1', [people.petitioner.id]);
    expect(rows).toEqual([]);
  });

  test('are there at most two seconds after the end of their minute', async () => {
    const late = async () => {
      const user_id = randomUUID();
      // As the last door stores it, a second after the end.
      await stack.pool.query(
        `insert into audit_refusals
         values (now() - interval '61 seconds', $1, $2, 'participant', 'GET /api/late', 'forbidden', 1)`,
        [people.institution_id, user_id],
      );
      const own = async () => (await refused()).find((one) => one.user_id === user_id);
      await expect.poll(own, { timeout: 20_000 }).toBeDefined();
      const { recorded_at, happened_at } = (await own())!;
      return Date.parse(recorded_at) - Date.parse(happened_at) - 60_000;
    };
    expect(await quickest(2_000, late)).toBeLessThan(2_000);
  });

  // It takes a minute to be over.
  test.runIf(isEverything)('come there from every door, with how often it was', { timeout: 150_000 }, async () => {
    const sum = async (code: string) =>
      (await refused())
        .filter((one) => one.code === code && one.user_id === people.student.id)
        .reduce((all, { count }) => all + count, 0);
    await expect.poll(() => sum('not_found'), { timeout: 100_000, interval: 500 }).toBe(6);
    expect(await sum('forbidden')).toBe(6);
    const keys = (await refused()).map(({ user_id, action, code, happened_at }) =>
      [user_id, action, code, happened_at].join(' '),
    );
    expect(new Set(keys).size).toBe(keys.length);
    expect(keys.some((key) => key.includes(' POST /api/session/:session_id/start forbidden '))).toBe(true);
  });
});
