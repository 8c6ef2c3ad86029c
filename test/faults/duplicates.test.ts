/** A doorbell promises nothing: doubled, shuffled, late or about nothing at all, every command is applied once. */
import { randomUUID } from 'node:crypto';
import type { JobType } from 'bullmq';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { Doorbell } from '../../src/infra/queue/queue.ts';
import { checkHistory } from '../support/checkHistory.ts';
import { isEverything } from '../support/everything.ts';
import { PACE_MS, startLoad } from '../support/load.ts';
import { until } from '../support/processes.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { openScene } from './scene.ts';

const SENT = isEverything ? 300 : 100;

describe.skipIf(inject('redisUrl') === null)('two workers on one stream', () => {
  let redis: TestRedis;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.stop());

  test('apply every command once, however often and in whatever order the doorbell rings', async () => {
    const scene = await openScene({ redisUrl: redis.url });
    const [api] = await Promise.all([scene.startApi(), scene.startWorker(), scene.startWorker()]);
    const queue = await scene.openQueue('commands');
    const sessions = await scene.openSessions(api, 1);
    const headers = { prefer: 'respond-async' };
    const load = startLoad({ apis: [api.url], people: scene.people, sessions, clients: 4, headers, idle_ms: PACE_MS });
    let rung = 0;
    while (load.sent.length < SENT) {
      const { rows } = await scene.database.pool.query<Doorbell['commands'][number]>(
        'select id, name, stream, streams from commands order by random() limit 64',
      );
      const stream = `session:${randomUUID()}`;
      const nothing = { id: randomUUID(), name: 'session.log', stream, streams: [stream] };
      const jobs = chunks([...rows, nothing, ...rows], 1 + (rung % 9)).map((commands) => ({
        name: 'again',
        data: { commands },
      }));
      // Our producers are not patient: a doorbell that took too long is one of those that are lost.
      rung += await queue.addBulk(jobs).then(
        () => jobs.length,
        () => 0,
      );
    }
    const rows = await checkHistory(scene.database, await load.stop());
    expect(rows.every(({ status }) => status === 'applied')).toBe(true);
    const count = (...types: JobType[]) => queue.getJobCountByTypes(...types).catch(() => undefined);
    await until('every doorbell is answered', async () => (await count('waiting', 'active')) === 0);
    await until('none of them has failed', async () => (await count('failed')) === 0);
    expect(rung).toBeGreaterThan(SENT);
  });
});

function chunks<T>(items: T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size));
}
