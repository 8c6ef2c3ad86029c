/** A worker may die or freeze at any moment: what was accepted is applied once, by another or by the next, and soon. */
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { CrashPoint } from '../../jobs/apply/attempt.ts';
import { LONG } from '../../src/core/apply/stateSnapshots.ts';
import { amountAt } from '../support/amounts.ts';
import { checkHistory } from '../support/checkHistory.ts';
import { isEverything, someOf } from '../support/everything.ts';
import { startLoad } from '../support/load.ts';
import { type Process, until } from '../support/processes.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { acceptEntry, commandState, recoveryTime, type Scene, shareScene } from './scene.ts';

/** The moments at which a worker that is alone is killed, and those beside a healthy one. */
const ALONE: CrashPoint[] = ['in_transaction', 'after_commit', 'before_transaction', 'after_publish'];
const BESIDE = someOf<CrashPoint>(['in_transaction', 'after_commit', 'after_publish', 'before_transaction'], 2);
const KILLED = { code: null, signal: 'SIGKILL' };

describe.skipIf(inject('redisUrl') === null)('a worker that is killed', () => {
  let redis: TestRedis;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.stop());

  const shared = shareScene(
    async () => ({ redisUrl: redis.url }),
    async (scene) => ({ scene, api: await scene.startApi() }),
  );

  async function play() {
    const { scene, api } = shared();
    const sessions = await scene.openSessions(api, 4);
    return { scene, load: startLoad({ apis: [api.url], people: scene.people, sessions }) };
  }

  /** One that works on while others die; the first that asks has it started. */
  async function healthyWorker({ startWorker, processes }: Scene): Promise<Process> {
    return processes.find((one) => one.name === 'worker' && one.isAlive()) ?? startWorker();
  }

  test.runIf(isEverything)('being the only one, is made good by the next', async () => {
    const { scene, api } = shared();
    const start = (moment: CrashPoint) => scene.startEntry('crashingWorker', [moment, '5']);
    let doomed = await start(ALONE[0]!);
    const sessions = await scene.openSessions(api, 4);
    // Long, so that each worker that takes it cold keeps a snapshot of it in the transaction in which it may die.
    await Promise.all(Array.from({ length: LONG }, (_, n) => acceptEntry(scene, api, sessions[0]!, { n })));
    const load = startLoad({ apis: [api.url], people: scene.people, sessions, headers: { prefer: 'wait=1' } });
    for (const next of [...ALONE.slice(1), undefined]) {
      await load.answered(30);
      doomed.signal('SIGUSR2');
      expect(await doomed.exited).toEqual(KILLED);
      const recovery = recoveryTime(scene, `killed alone, until the next had started and was through (next ${next})`);
      doomed = await (next ? start(next) : scene.startWorker());
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

  test('at each moment, beside a healthy one, leaves nothing undone and does nothing twice', async () => {
    const worker = await healthyWorker(shared().scene);
    const { scene, load } = await play();
    for (const moment of BESIDE) {
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

  test('or frozen inside its transaction, holds nobody up for longer than Postgres lets it', async () => {
    await healthyWorker(shared().scene);
    const { scene, load } = await play();
    const frozen = await scene.startEntry('crashingWorker', ['in_transaction', '5', 'SIGSTOP']);
    await load.answered(30);
    frozen.signal('SIGUSR2');
    await frozen.stopped();
    expect(await recoveryTime(scene, 'frozen', 30_000)).toBeLessThan(25_000);
    frozen.signal('SIGCONT');
    await load.answered(100);
    expect(frozen.isAlive()).toBe(true);
    await checkHistory(scene.database, await load.stop());
  });
});
