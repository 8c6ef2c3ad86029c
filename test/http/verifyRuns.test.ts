/** Verifications that wait, are taken up, are lost or are given up: what becomes of them stands in Postgres alone. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import * as runs from '../../jobs/verify/integrityRuns.ts';
import type { Queryable } from '../../src/core/sql/queryable.ts';
import { createVerifyRuns } from '../../src/http/operations/verifyRuns.ts';
import { openPool } from '../../src/infra/postgres/database.ts';
import { cast, get, type Json, must, openSession, person } from '../support/client.ts';
import { isLeftOut, type Stack, startStack } from '../support/stack.ts';

const PATIENCE = { timeout: 25_000, interval: 20 };

describe.skipIf(isLeftOut)('a verification', () => {
  let stack: Stack;
  const root = person('super_admin');

  beforeAll(async () => {
    stack = await startStack();
  });

  afterAll(() => stack.stop());

  /** As an API has it, over a pool that says what it was asked. */
  function openRuns() {
    const pool = openPool(stack.database.url, 'door', 2, () => {});
    const asked: string[] = [];
    const db: Queryable = {
      query: (statement: { name: string }) => {
        asked.push(statement.name);
        return pool.query(statement as never);
      },
    } as never;
    const { queues, metrics, log } = stack.backbones[0]!;
    return { ...createVerifyRuns({ db, queues, metrics, log }), asked, pool };
  }

  async function rowOf(id: string): Promise<Json> {
    return (await stack.pool.query('select * from integrity_runs where id = $1', [id])).rows[0];
  }

  const answerOf = (id: string) => get(stack.url, `/integrity/runs/${id}`, root);

  test('is waited for by one statement at a time, however many wait', async () => {
    const { ask, within, asked, pool } = openRuns();
    await stack.stopWorkers();
    const institutions = [null, randomUUID(), randomUUID()];
    const ids = await Promise.all(Array.from({ length: 300 }, (_, i) => ask(institutions[i % 3]!)));
    expect(new Set(ids).size).toBe(3);
    expect(asked).toEqual(Array(3).fill('ask-for-verification'));
    const all = Promise.all(ids.map((id) => within(id, 60_000)));
    await vi.waitUntil(() => asked.length >= 6, PATIENCE);
    const [before, since] = [asked.length, performance.now()];
    await vi.waitUntil(() => asked.length >= before + 5, PATIENCE);
    expect(performance.now() - since).toBeGreaterThan(500);
    await stack.startWorkers();
    await all;
    for (const id of ids.slice(0, 3)) expect(await rowOf(id)).toMatchObject({ state: 'done', run: null, attempts: 1 });
    await pool.end();
  });

  test('that nobody rang for is found', async () => {
    const id = randomUUID();
    await stack.pool.query('insert into integrity_runs (id) values ($1)', [id]);
    await vi.waitUntil(async () => (await answerOf(id)).status === 200, PATIENCE);
    expect((await answerOf(id)).body).toMatchObject({ system_valid: true });
  });

  test('whose process died is taken up by another when its claim has run out, and who died has no say in it', async () => {
    await openSession(stack.url, cast());
    await stack.stopWorkers();
    const id = randomUUID();
    const db = stack.pool;
    await stack.pool.query('insert into integrity_runs (id) values ($1)', [id]);
    const dead = (await vi.waitUntil(() => runs.claimRun(db, id), PATIENCE))!;
    expect(await runs.claimRun(db, id)).toBeUndefined();
    expect((await answerOf(id)).status).toBe(202);
    await stack.pool.query(`update integrity_runs set due_at = now() - interval '2 seconds' where id = $1`, [id]);
    await stack.startWorkers();
    await vi.waitUntil(async () => (await answerOf(id)).status === 200, PATIENCE);
    const verdict = (await answerOf(id)).body;
    expect(verdict.sessions_checked).toBeGreaterThan(0);
    expect(await runs.renewClaim(db, dead)).toBe(false);
    await runs.endRun(db, dead, { state: 'failed', error: 'said by the dead' });
    expect((await answerOf(id)).body).toEqual(verdict);
    expect(await rowOf(id)).toMatchObject({ state: 'done', attempts: 2 });
  });

  test('that took every process down that tried is said to be lost, and the next one is a new one', async () => {
    await stack.stopWorkers();
    const id = randomUUID();
    await stack.pool.query('insert into integrity_runs (id) values ($1)', [id]);
    for (let attempt = 1; attempt <= runs.MAX_ATTEMPTS; attempt += 1) {
      await vi.waitUntil(() => runs.claimRun(stack.pool as never, id), PATIENCE);
      await stack.pool.query(`update integrity_runs set due_at = now() - interval '2 seconds' where id = $1`, [id]);
    }
    expect((await answerOf(id)).status).toBe(202);
    await stack.startWorkers();
    await vi.waitUntil(async () => (await answerOf(id)).status === 500, PATIENCE);
    expect(await rowOf(id)).toMatchObject({ state: 'failed', error: 'the process that ran it ended' });
    expect(await must(get(stack.url, '/integrity/global-verify', root))).toMatchObject({ system_valid: true });
  });

  test('is asked for by the door, which can neither give its verdict nor change it', async () => {
    const { ask, pool } = openRuns();
    const id = await ask(randomUUID());
    const report = { id: randomUUID(), report: '{"system_valid":true}' };
    const texts = [
      `insert into integrity_runs (id, state, report, finished_at) values ('${report.id}', 'done', '${report.report}', now())`,
      `update integrity_runs set state = 'done', report = '${report.report}', finished_at = now() where id = '${id}'`,
      `delete from integrity_runs where id = '${id}'`,
    ];
    for (const text of texts) await expect(pool.query(text)).rejects.toMatchObject({ code: '42501' });
    await pool.end();
  });

  test('is kept with the last hundred of its institution', async () => {
    const institution_id = randomUUID();
    await stack.pool.query(
      `insert into integrity_runs (id, institution_id, state, asked_at, finished_at, error)
       select gen_random_uuid(), $1, 'failed', now() - n * interval '1 minute', now(), n::text from generate_series(1, 150) n`,
      [institution_id],
    );
    const admin = person('admin', { institution_id });
    await must(get(stack.url, '/integrity/global-verify', admin));
    const { rows } = await stack.pool.query(
      `select count(*)::int as count, max(error::int) as oldest from integrity_runs where institution_id = $1`,
      [institution_id],
    );
    expect(rows).toEqual([{ count: runs.KEPT_RUNS, oldest: runs.KEPT_RUNS - 1 }]);
    const { rows: others } = await stack.pool.query(`select id from integrity_runs where institution_id is null`);
    expect(others.length).toBeGreaterThan(1);
    expect((await get(stack.url, '/integrity/global-verify', root)).body).toMatchObject({ system_valid: true });
  });
});
