/** Models are made of what people sent, risks of models; both go with what they were made of. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cleanUpModels } from '../../jobs/behaviour/cleanUpModels.ts';
import { eraseWithdrawn } from '../../jobs/behaviour/eraseWithdrawn.ts';
import { monitorSessions } from '../../jobs/behaviour/monitorSessions.ts';
import { trainAsked } from '../../jobs/behaviour/trainAsked.ts';
import { trainModels } from '../../jobs/behaviour/trainModels.ts';
import type { Batch } from '../../src/behaviour/batches/batch.ts';
import { storeBatch } from '../../src/behaviour/batches/storeBatch.ts';
import { decideOwn } from '../../src/behaviour/consent/consent.ts';
import type { Risk } from '../../src/behaviour/risk/risk.ts';
import { storeModel } from '../../src/behaviour/trained/model.ts';
import { openPool } from '../../src/infra/postgres/database.ts';
import { openWorkbench, type Workbench } from '../support/jobTools.ts';
import { isLeftOut } from '../support/stack.ts';
import { syntheticPerson, syntheticSession } from '../support/syntheticPeople.ts';

describe.skipIf(isLeftOut)('a model', () => {
  let bench: Workbench;
  let door: ReturnType<typeof openPool>;
  const institution_id = randomUUID();

  beforeAll(async () => {
    bench = await openWorkbench();
    door = openPool(bench.database.url, 'door', 1, () => {});
    const settings = { institution_id, telemetry: true, time_zone: 'UTC' };
    await bench.court.send(['institution.settings', settings]);
  });
  afterAll(async () => {
    await door.end();
    await bench.close();
  });

  const rowsOf = async (text: string, ...values: unknown[]) => (await bench.database.pool.query(text, values)).rows;
  const newcomer = async () => {
    const whose = { institution_id, user_id: randomUUID() };
    await decideOwn(door as never, whose, true);
    return whose;
  };
  type Whose = Awaited<ReturnType<typeof newcomer>>;

  /** A session as one batch: pages have paths there. */
  function batchOf(style: number, number: number): Batch {
    const { navigation, ...kinds } = syntheticSession(syntheticPerson(style), number);
    const metadata = { started_at: new Date(Date.UTC(2026, 8, 1) + number * 60_000).toISOString() };
    return { ...kinds, navigation: navigation.map(({ t, page }) => ({ t, path: `/${page}` })), metadata } as Batch;
  }

  async function send(whose: Whose, style: number, number: number, login_id: string = randomUUID()): Promise<string> {
    expect(await storeBatch(door as never, whose, login_id, batchOf(style, number))).toMatchObject({ stored: true });
    return login_id;
  }

  /** A login session on each of so many days. */
  async function live(whose: Whose, style: number, days: number, first = 0): Promise<void> {
    for (let day = 0; day < days; day += 1) {
      await bench.hoursAgo((day + 1) * 24);
      await send(whose, style, first + day);
    }
    await bench.hoursAgo(0);
  }

  const modelsOf = ({ user_id }: Whose) =>
    rowsOf('select is_active, sessions from telemetry_models where user_id = $1 order by trained_at, id', user_id);
  const riskOf = async (login_id: string): Promise<Risk> =>
    (await rowsOf('select risk from telemetry_risks where login_id = $1', login_id))[0]?.risk;

  test('is made of five login sessions within fourteen days, and of fewer there is none', async () => {
    const [enough, few, old] = [await newcomer(), await newcomer(), await newcomer()];
    await live(enough, 1, 5);
    await live(few, 2, 4);
    await live(old, 3, 4);
    await bench.hoursAgo(15 * 24);
    await send(old, 3, 9);
    await bench.hoursAgo(0);
    expect(await trainModels.run(bench.tools)).toEqual({ trained: 1, too_few: 2, is_complete: true });
    expect(await modelsOf(enough)).toEqual([{ is_active: true, sessions: 5 }]);
    expect([await modelsOf(few), await modelsOf(old)]).toEqual([[], []]);
  });

  test('makes the risk of a session that is as usual low, and of one that is not high, each with its parts', async () => {
    const whose = await newcomer();
    await live(whose, 11, 8);
    await trainModels.run(bench.tools);
    const own = await send(whose, 11, 20);
    const foreign = await send(whose, 4, 21);
    const unknown = await send(await newcomer(), 11, 22);
    expect(await monitorSessions.run(bench.tools)).toMatchObject({ assessed: 3, is_complete: true });
    const [usual, other] = [await riskOf(own), await riskOf(foreign)];
    expect(usual.level).toBe('low');
    expect(other.score!).toBeGreaterThan(usual.score! + 20);
    expect(other.weighed_most).toEqual(expect.any(String));
    expect(await riskOf(unknown)).toMatchObject({ score: null, level: 'unknown', action: 'continue' });
    // Nothing new came.
    expect(await monitorSessions.run(bench.tools)).toEqual({ assessed: 0, is_complete: true });
    await send(whose, 11, 23, own);
    expect(await monitorSessions.run(bench.tools)).toMatchObject({ assessed: 1 });
  });

  test('is the same of the same sessions, takes the place of the one before, and is kept for a month beside it', async () => {
    const whose = await newcomer();
    await live(whose, 5, 6);
    await trainModels.run(bench.tools);
    await rowsOf(
      `update telemetry_consents set train_asked_at = date_trunc('milliseconds', clock_timestamp()) where user_id = $1`,
      whose.user_id,
    );
    expect(await trainAsked.run(bench.tools)).toEqual({ trained: 1, too_few: 0, is_complete: true });
    expect(await trainAsked.run(bench.tools)).toEqual({ trained: 0, too_few: 0, is_complete: true });
    expect(await modelsOf(whose)).toEqual([
      { is_active: false, sessions: 6 },
      { is_active: true, sessions: 6 },
    ]);
    const baselines = await rowsOf(
      'select distinct baseline::text from telemetry_models where user_id = $1',
      whose.user_id,
    );
    expect(baselines).toHaveLength(1);
    expect(await cleanUpModels.run(bench.tools)).toMatchObject({ models: 0 });
    await bench.hoursAgo(-31 * 24);
    expect(await cleanUpModels.run(bench.tools)).toMatchObject({ models: expect.any(Number), is_complete: true });
    await bench.hoursAgo(0);
    expect(await modelsOf(whose)).toEqual([{ is_active: true, sessions: 6 }]);
  });

  test('goes with the consent, and none is stored that was being made meanwhile', async () => {
    const whose = await newcomer();
    await live(whose, 6, 5);
    await trainModels.run(bench.tools);
    await send(whose, 6, 30);
    await monitorSessions.run(bench.tools);
    const began_at = new Date(Date.now() - 60_000).toISOString();
    await decideOwn(door as never, whose, false);
    await decideOwn(door as never, whose, true);
    const baseline = { sessions: 5, usual: {}, shapes: [] };
    expect(await storeModel(bench.tools.pool as never, whose, began_at, baseline)).toBe(false);
    expect(await eraseWithdrawn.run(bench.tools)).toEqual({
      people: 1,
      batches: 6,
      models: 1,
      risks: 1,
      is_complete: true,
    });
    for (const table of ['telemetry_batches', 'telemetry_models', 'telemetry_risks']) {
      expect(await rowsOf(`select from ${table} where user_id = $1`, whose.user_id)).toEqual([]);
    }
  });

  test('is not made where there is no time, and made by the next run', async () => {
    const whose = await newcomer();
    await live(whose, 7, 5);
    expect(await trainModels.run(bench.within(0))).toMatchObject({ trained: 0, is_complete: false });
    expect(await modelsOf(whose)).toEqual([]);
    await trainModels.run(bench.tools);
    expect(await modelsOf(whose)).toEqual([{ is_active: true, sessions: 5 }]);
  });
});
