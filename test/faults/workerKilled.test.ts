/** A worker may die or freeze at any moment: what was accepted is applied once, by another or by the next, and soon. */
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { CrashPoint } from '../../jobs/apply/attempt.ts';
import { LONG } from '../../src/core/apply/stateSnapshots.ts';
import { amountAt } from '../support/amounts.ts';
import { checkHistory } from '../support/checkHistory.ts';
import { someOf } from '../support/everything.ts';
import { startLoad } from '../support/load.ts';
import { until } from '../support/processes.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { acceptEntry, commandState, openScene, recoveryTime } from './scene.ts';

const MOMENTS: CrashPoint[] = ['before_transaction', 'in_transaction', 'after_commit', 'after_publish'];
/** Of a worker alone, first where nothing is done yet that Postgres keeps. */
const ALONE = someOf<CrashPoint>(['in_transaction', 'after_commit', 'before_transaction', 'after_publish']);
const KILLED = { code: null, signal: 'SIGKILL' };

describe.skipIf(inject('redisUrl') === null)('a worker that is killed', () => {
  let redis: TestRedis;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.stop());

  test('at each moment, beside a healthy one, leaves nothing undone and does nothing twice', async () => {
    const scene = await openScene({ redisUrl: redis.url });
    const [api, worker] = await Promise.all([scene.startApi(), scene.startWorker()]);
    const load = startLoad({ apis: [api.url], people: scene.people, sessions: await scene.openSessions(api, 4) });
    for (const moment of MOMENTS) {
      const doomed = await scene.startEntry('crashingWorker', [moment, '5']);
      await load.answered(30);
      doomed.signal('SIGUSR2');
      expect(await doomed.exited, moment).toEqual(KILLED);
      expect(await recoveryTime(scene, `killed ${moment}`), moment).toBeLessThan(10_000);
    }
    await checkHistory(scene.database, await load.stop());
    for (const name of ['redeliveries_total', 'states_folded_total']) {
      await until(`${name} moves`, async () => (await amountAt(name, [worker])) > 0, 60_000);
    }
  });

  test('being the only one, is made good by the next', async () => {
    const scene = await openScene({ redisUrl: redis.url });
    const start = (moment: CrashPoint) => scene.startEntry('crashingWorker', [moment, '5']);
    let [api, doomed] = await Promise.all([scene.startApi(), start(ALONE[0]!)]);
    const sessions = await scene.openSessions(api, 4);
    // Long, so that each worker that takes it cold keeps a snapshot of it in the transaction in which it may die.
    await Promise.all(Array.from({ length: LONG }, (_, n) => acceptEntry(scene, api, sessions[0]!, { n })));
    const load = startLoad({ apis: [api.url], people: scene.people, sessions, headers: { prefer: 'wait=1' } });
    for (const next of [...ALONE.slice(1), 'before_transaction' as const]) {
      await load.answered(30);
      doomed.signal('SIGUSR2');
      expect(await doomed.exited).toEqual(KILLED);
      const recovery = recoveryTime(scene, `killed alone, until the next had started and was through (next ${next})`);
      doomed = await start(next);
      expect(await recovery).toBeLessThan(10_000);
    }
    await load.answered(30);
    const last = await acceptEntry(scene, api, sessions[0]!, { n: LONG });
    await until('it is applied', async () => (await commandState(api, last)).status === 'applied', 60_000);
    await checkHistory(scene.database, await load.stop());
    const { rows } = await scene.database.pool.query('select sequence from stream_states where stream = $1', [
      `session:${sessions[0]}`,
    ]);
    expect(rows).toHaveLength(1);
  });

  test('or frozen inside its transaction, holds nobody up for longer than Postgres lets it', async () => {
    const scene = await openScene({ redisUrl: redis.url });
    const [api, frozen] = await Promise.all([
      scene.startApi(),
      scene.startEntry('crashingWorker', ['in_transaction', '5', 'SIGSTOP']),
      scene.startWorker(),
    ]);
    const load = startLoad({ apis: [api.url], people: scene.people, sessions: await scene.openSessions(api, 4) });
    await load.answered(30);
    frozen.signal('SIGUSR2');
    await frozen.stopped();
    expect(await recoveryTime(scene, 'frozen', 20_000)).toBeLessThan(15_000);
    frozen.signal('SIGCONT');
    await load.answered(100);
    expect(frozen.isAlive()).toBe(true);
    await checkHistory(scene.database, await load.stop());
  });
});
