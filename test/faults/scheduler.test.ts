/** Schedulers may stop, die or freeze: another leads soon, the ledger has each tick once, and no process is left busy. */

import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { timings } from '../../src/infra/timings.ts';
import { checkHistory } from '../support/checkHistory.ts';
import { get } from '../support/client.ts';
import { isEverything } from '../support/everything.ts';
import { faster } from '../support/fasterTimings.ts';
import { untilLedAfter } from '../support/leases.ts';
import { type Process, until } from '../support/processes.ts';
import { quickest } from '../support/quickest.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { shareScene } from './scene.ts';
import { metric, twoSchedulers, untilItLeads } from './schedulers.ts';

const CLEANLY = { code: 0, signal: null };
const LEASE_MS = faster(timings).leadership.lease_ms;
const LOOK_MS = 2_000;
const TICKS_PER_SECOND = 100;

describe.skipIf(inject('redisUrl') === null)('a scheduler', () => {
  let redis: TestRedis;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.stop());

  const shared = shareScene(
    async () => ({ redisUrl: redis.url }),
    async (scene) => scene,
  );

  test('that is stopped hands over within two seconds, and ends cleanly', async () => {
    const scene = shared();
    const handOver = async () => {
      const { first, standby, term } = await twoSchedulers(scene);
      const stopping = performance.now();
      first.signal('SIGTERM');
      await untilLedAfter(scene.database.pool, term);
      const ms = Math.round(performance.now() - stopping);
      console.log(`handed over in ${ms} ms`);
      expect(await first.exited).toEqual(CLEANLY);
      await untilItLeads(standby, term);
      return ms;
    };
    expect(await quickest(2_000, handOver)).toBeLessThan(2_000);
    await checkHistory(scene.database, []);
  });

  test('that is killed is replaced when its lease has run out', async () => {
    const scene = shared();
    const { first, standby, term } = await twoSchedulers(scene);
    const killed = performance.now();
    first.signal('SIGKILL');
    await untilLedAfter(scene.database.pool, term);
    const ms = Math.round(performance.now() - killed);
    console.log(`replaced in ${ms} ms`);
    // And not with the next look of who waits for ever longer; a busy machine starts neither at once.
    expect(ms).toBeLessThan(LEASE_MS + 5 * LOOK_MS);
    await untilItLeads(standby, term);
  });

  test('that is frozen finds itself replaced when it wakes', async () => {
    const scene = shared();
    const { first, term } = await twoSchedulers(scene);
    first.signal('SIGSTOP');
    await first.stopped();
    await untilLedAfter(scene.database.pool, term);
    first.signal('SIGCONT');
    await until('it knows', async () => (await metric(first, 'leader_term')) === 0, 30_000);
  });

  test('leads on without Redis, and stops while it is away', async () => {
    const scene = shared();
    const { first, standby, term } = await twoSchedulers(scene);
    await redis.kill();
    await until('it is missed', async () => (await get(first.url, '/health', null)).body.redis_connected === false);
    first.signal('SIGTERM');
    await untilLedAfter(scene.database.pool, term);
    expect(await first.exited).toEqual(CLEANLY);
    standby.signal('SIGTERM');
    expect(await standby.exited).toEqual(CLEANLY);
    await redis.restart();
  });

  test.runIf(isEverything)('and a worker at rest take next to no time of the processor', async () => {
    const scene = shared();
    const { first, standby } = await twoSchedulers(scene);
    const worker = await scene.startWorker();
    const before = [first, standby, worker].map(cpuTicks);
    const started = performance.now();
    await until('ten seconds have passed', () => performance.now() - started > 10_000);
    const seconds = (performance.now() - started) / 1_000;
    const shares = [first, standby, worker].map((one, i) => (cpuTicks(one) - before[i]!) / TICKS_PER_SECOND / seconds);
    console.log(`shares of a core at rest: ${shares.map((share) => `${(100 * share).toFixed(2)} %`).join(', ')}`);
    for (const share of shares) expect(share).toBeLessThan(0.05);
  });
});

/** Processor time of a process, in hundredths of a second. */
function cpuTicks({ pid }: Process): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return Number(fields[11]) + Number(fields[12]);
}
