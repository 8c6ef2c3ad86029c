/** An API may die at any moment: what it had accepted is applied, and who asks again elsewhere learns the outcome. */
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { checkHistory } from '../support/checkHistory.ts';
import { isEverything } from '../support/everything.ts';
import { startLoad } from '../support/load.ts';
import { until } from '../support/processes.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { openScene, recoveryTime } from './scene.ts';

const DOOMED = isEverything ? 3 : 2;
const CLIENTS = 16;

describe.skipIf(inject('redisUrl') === null)('an API that is killed', () => {
  let redis: TestRedis;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.stop());

  test('under load loses no command that it accepted, and doubles none that is sent again', async () => {
    const scene = await openScene({ redisUrl: redis.url });
    const [worker, stays, ...doomed] = await Promise.all([
      scene.startWorker(),
      scene.startApi(),
      ...Array.from({ length: DOOMED }, () => scene.startApi()),
    ]);
    const apis = [stays, ...doomed].map(({ url }) => url);
    const sessions = await scene.openSessions(stays, 4);
    const load = startLoad({ apis, people: scene.people, sessions, clients: CLIENTS });
    for (const api of doomed) {
      await load.answered(60);
      // The last has requests under way for certain.
      if (api === doomed.at(-1)) {
        api.signal('SIGSTOP');
        await api.stopped();
        await until('many wait for it', () => load.sent.filter(({ at }) => at === api.url).length >= CLIENTS / 2);
      }
      api.signal('SIGKILL');
      await api.exited;
      expect(await recoveryTime(scene, 'API killed')).toBeLessThan(10_000);
    }
    await load.answered(60);
    expect(worker.isAlive()).toBe(true);
    const sent = await load.stop();
    expect(sent.some(({ failures }) => failures.some((failure) => failure !== 'ECONNREFUSED'))).toBe(true);
    await checkHistory(scene.database, sent);
  });
});
