/** A newer version migrates the database while processes of this one run: they notice, and lose nothing. */
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { OURS } from '../../src/infra/postgres/schema.ts';
import { checkHistory } from '../support/checkHistory.ts';
import { get } from '../support/client.ts';
import { until, untilSaid } from '../support/processes.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { acceptEntry, commandState, openScene, type Scene } from './scene.ts';

const NEWER = '9999_of_tomorrow';

async function migrateTo({ database: { pool } }: Scene, name: string, accepts: string | null): Promise<void> {
  await pool.query('insert into knex_migrations (name, batch, migration_time, accepts) values ($1, 99, now(), $2)', [
    name,
    accepts,
  ]);
}

describe.skipIf(inject('redisUrl') === null)('a newer schema', () => {
  let redis: TestRedis;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.stop());

  test('lets processes of an older version go on where it accepts them, else ends its workers and schedulers, and takes its APIs and relays out of the balancer', async () => {
    const scene = await openScene({ redisUrl: redis.url });
    const [api, worker, scheduler, relay] = await Promise.all([
      scene.startApi(),
      scene.startWorker(),
      scene.startScheduler(),
      scene.startRelay(),
    ]);
    const [session] = (await scene.openSessions(api, 1)) as [string];
    for (const { url } of [api, relay]) expect((await get(url, '/ready', null)).status).toBe(200);
    // Beside one that accepts them they go on, and start.
    await migrateTo(scene, '9998_of_tonight', OURS.at(-1)!);
    for (const one of scene.processes) await untilSaid(one, 'accepts this process beside it');
    const second = await scene.startWorker();
    const beside = await acceptEntry(scene, api, session, {});
    await until('it is applied', async () => (await commandState(api, beside)).status === 'applied');
    for (const { url } of [api, relay]) expect((await get(url, '/ready', null)).status).toBe(200);
    second.signal('SIGTERM');
    await second.exited;
    await migrateTo(scene, NEWER, null);
    for (const one of [worker, scheduler]) {
      expect(await one.exited).toEqual({ code: 1, signal: null });
      expect(one.output()).toContain('a newer version has migrated the database: this process finishes');
      expect(one.output()).toContain(NEWER);
    }
    for (const one of [api, relay]) {
      await until('it is not ready', async () => (await get(one.url, '/ready', null)).status === 503);
      await untilSaid(one, 'this process is not ready any more');
    }
    const id = await acceptEntry(scene, api, session, {});
    expect(await commandState(api, id)).toMatchObject({ status: 'accepted', attempts: 0 });
    await expect(scene.startWorker()).rejects.toThrow('newer version');
    await scene.database.pool.query('delete from knex_migrations where name = $1', [NEWER]);
    await scene.startWorker();
    await until('it is applied', async () => (await commandState(api, id)).status === 'applied');
    await checkHistory(scene.database, []);
  });
});
