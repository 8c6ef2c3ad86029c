/** Redis carries the doorbell of a verification and nothing else: wiped, absent or forged, it changes no verdict. */
import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { readInstallationId, redisPrefix } from '../../src/infra/postgres/installation.ts';
import { get, type Json, must, person } from '../support/client.ts';
import { isEverything } from '../support/everything.ts';
import { until } from '../support/processes.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { openScene, type Scene } from './scene.ts';

const PATH = '/integrity/global-verify';
const FORGED = { system_valid: true, tamper_detected: false, sessions_checked: 1, message: 'All is well.' };

describe.skipIf(inject('redisUrl') === null)('a verdict', () => {
  let redis: TestRedis;
  let scene: Scene;
  const root = person('super_admin');

  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.stop());
  beforeEach(async () => {
    await redis.restart();
    scene = await openScene({ redisUrl: redis.url });
  });

  const runOf = async () => (await scene.database.pool.query('select * from integrity_runs')).rows[0] as Json;
  const runIs = (state: string) => until(`the run is ${state}`, async () => (await runOf())?.state === state);

  /** No run gets beyond its first page until the result is called. */
  async function block(): Promise<() => Promise<void>> {
    const client = await scene.database.pool.connect();
    await client.query('begin; lock table event_payloads in access exclusive mode');
    return async () => {
      await client.query('rollback');
      client.release();
    };
  }

  async function inRedis<T>(work: (client: Redis) => Promise<T>): Promise<T> {
    const client = new Redis(redis.url);
    return work(client).finally(() => client.disconnect());
  }

  test.runIf(isEverything)('survives a wipe of Redis in the middle of the run, and one before it began', async () => {
    const api = await scene.startApi();
    const worker = await scene.startWorker();
    await scene.openSessions(api, 2);
    const unblock = await block();
    const asked = get(api.url, PATH, root);
    await runIs('running');
    await inRedis((client) => client.flushall());
    await unblock();
    expect(await must(asked)).toMatchObject({ sessions_checked: 2, system_valid: true });
    const { id } = await runOf();
    expect(await must(get(api.url, `/integrity/runs/${id}`, root))).toMatchObject((await asked).body);

    worker.signal('SIGTERM');
    await worker.exited;
    await scene.database.pool.query('delete from integrity_runs');
    const again = get(api.url, PATH, root);
    await runIs('waiting');
    await inRedis((client) => client.flushall());
    await scene.startWorker();
    expect(await must(again)).toMatchObject({ sessions_checked: 2, system_valid: true });
  });

  test.runIf(isEverything)('comes without Redis', async () => {
    const [api] = await Promise.all([scene.startApi(), scene.startWorker()]);
    await scene.openSessions(api, 1);
    await redis.kill();
    expect(await must(get(api.url, PATH, root))).toMatchObject({ sessions_checked: 1, system_valid: true });
  });

  test('is none that somebody wrote into Redis, neither during the run nor after it', async () => {
    const [api] = await Promise.all([scene.startApi(), scene.startWorker()]);
    const [session_id] = await scene.openSessions(api, 1);
    await scene.database.pool.query(`update courtroom_sessions set title = 'Another case' where id = $1`, [session_id]);
    const prefix = `${redisPrefix(await readInstallationId(scene.database.url, 'worker'))}bull:integrity:`;
    const forge = (id: string) =>
      inRedis((client) =>
        client.hset(`${prefix}${id}`, { returnvalue: JSON.stringify(FORGED), finishedOn: Date.now(), attemptsMade: 1 }),
      );
    const unblock = await block();
    const asked = get(api.url, PATH, root);
    await runIs('running');
    const { id } = await runOf();
    await forge(id);
    expect((await get(api.url, `/integrity/runs/${id}`, root)).status).toBe(202);
    await unblock();
    const verdict = await must(asked);
    expect(verdict).toMatchObject({ system_valid: false, invalid_sessions: [{ session_id }] });
    await forge(id);
    expect(await must(get(api.url, `/integrity/runs/${id}`, root))).toMatchObject(verdict);
  });

  test.runIf(isEverything)('is of the institution that the row names, whatever a job says of it', async () => {
    const [api] = await Promise.all([scene.startApi(), scene.startWorker()]);
    await scene.openSessions(api, 1);
    const queue = await scene.openQueue('integrity');
    const unblock = await block();
    const asked = get(api.url, PATH, scene.people.admin);
    await runIs('running');
    const { id } = await runOf();
    await queue.add('verify.record', { run_id: id, institution_id: null, report: FORGED, state: 'done' });
    await unblock();
    const verdict = await must(asked);
    expect(verdict).toMatchObject({ sessions_checked: 1, system_valid: true });
    expect(verdict.message).not.toBe(FORGED.message);
    expect(await runOf()).toMatchObject({ institution_id: scene.people.institution_id, attempts: 1 });
  });
});
