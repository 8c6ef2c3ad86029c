/** SIGTERM is not an accident: whoever asked is answered, nothing is left half done, and the process ends with 0. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from 'vitest';
import { checkHistory } from '../support/checkHistory.ts';
import { get, post } from '../support/client.ts';
import { cloneDatabase } from '../support/database.ts';
import { isEverything } from '../support/everything.ts';
import { listenOnWebSocket } from '../support/listener.ts';
import { startLoad } from '../support/load.ts';
import { type Process, until, untilSaid } from '../support/processes.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { openWire } from '../support/wire.ts';
import { openScene, recoveryTime, type Scene, shareScene } from './scene.ts';

const CLEANLY = { code: 0, signal: null };
/** Of each kind, one after the other; one more of the kind goes on. */
const DOOMED = isEverything ? 2 : 1;
/** Commands that are answered before a process is stopped, and after it. */
const [BEFORE, AFTER] = isEverything ? [100, 50] : [40, 20];
/** What the Procfile starts and keeps running: `web` is the API. */
const LONG_RUNNING = [...readFileSync(join(import.meta.dirname, '../../Procfile'), 'utf8').matchAll(/^(\w+):/gm)]
  .map(([, name]) => (name === 'web' ? 'api' : name!))
  .filter((name) => name !== 'release')
  .toSorted();
const EACH_CLEANLY = LONG_RUNNING.map(() => CLEANLY);

describe.skipIf(inject('redisUrl') === null)('stopping', () => {
  let redis: TestRedis;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.stop());

  describe('under load', () => {
    const shared = shareScene(
      async () => ({ redisUrl: redis.url }),
      async (scene) => {
        const { startApi, startWorker } = scene;
        const [api, ...apis] = await Promise.all(Array.from({ length: 1 + DOOMED }, () => startApi()));
        const [worker, ...workers] = await Promise.all(Array.from({ length: 1 + DOOMED }, () => startWorker()));
        return { scene, api: api!, apis, worker: worker!, workers };
      },
    );

    test('an API answers all that it accepts; what comes later is refused', async () => {
      const { scene, api: stays, apis: doomed } = shared();
      const apis = [stays, ...doomed].map(({ url }) => url);
      const sessions = await scene.openSessions(stays, 4);
      const load = startLoad({ apis, people: scene.people, sessions, clients: 16 });
      for (const api of doomed) {
        await load.answered(BEFORE);
        expect(await terminate(api)).toEqual(CLEANLY);
      }
      await load.answered(AFTER);
      const sent = await load.stop();
      // A connection kept alive may end just as the next request is sent on it; what was accepted has its answer.
      const cut = sent.filter(({ failures }) => failures.some((failure) => failure !== 'ECONNREFUSED'));
      expect(cut.filter(({ answer }) => answer?.headers.has('idempotent-replayed'))).toEqual([]);
      await checkHistory(scene.database, sent);
    });

    test('a worker finishes what it began, and no job stalls', async () => {
      const { scene, api, workers } = shared();
      const sessions = await scene.openSessions(api, 4);
      const load = startLoad({ apis: [api.url], people: scene.people, sessions, clients: 16 });
      for (const worker of workers) {
        await load.answered(BEFORE);
        expect(await terminate(worker)).toEqual(CLEANLY);
      }
      await load.answered(AFTER);
      await checkHistory(scene.database, await load.stop());
      const queue = await scene.openQueue('commands');
      await until(
        'every doorbell is answered',
        async () => (await queue.getJobCountByTypes('waiting', 'active')) === 0,
      );
      expect(await queue.getFailedCount()).toBe(0);
      const jobs = await queue.getCompleted(0, -1);
      expect(jobs.length).toBeGreaterThan(BEFORE / 4);
      expect(jobs.filter(({ attemptsStarted, stalledCounter }) => attemptsStarted > 1 || stalledCounter > 0)).toEqual(
        [],
      );
    });

    test('every process stops while Redis is away', async () => {
      const { scene, api, worker } = shared();
      const others = await startBeside(scene, api);
      const all = [api, worker, ...others];
      expect(all.map(({ name }) => name).toSorted()).toEqual(LONG_RUNNING);
      const load = startLoad({ apis: [api.url], people: scene.people, sessions: await scene.openSessions(api, 4) });
      await load.answered(8);
      onTestFinished(() => redis.restart());
      await redis.kill();
      await until('it is missed', async () => (await get(api.url, '/health', null)).body.redis_connected === false);
      await load.answered(8);
      const sent = await load.stop();
      await recoveryTime(scene, 'Redis away', 20_000);
      expect(await Promise.all(all.map(terminate))).toEqual(EACH_CLEANLY);
      await checkHistory(scene.database, sent);
    });
  });

  describe('without a worker', () => {
    const shared = shareScene(
      async () => ({ redisUrl: redis.url }),
      async (scene) => {
        const { startApi, startWorker } = scene;
        const [worker, answering, interrupted] = await Promise.all([startWorker(), startApi(), startApi()]);
        const [session] = await scene.openSessions(answering, 1);
        expect(await terminate(worker)).toEqual(CLEANLY);
        return { scene, answering, interrupted, session: session! };
      },
    );

    test('an API answers 202 to who still waits for an outcome', async () => {
      const { scene, answering: api, session } = shared();
      const before = await waiting(scene);
      const path = `/api/session/${session}/log`;
      const body = { event_type: 'NOTE', details: { client: 0, n: 0 } };
      const answer = post(api.url, path, scene.people.admin, body, { prefer: 'wait=30' });
      await until('it is accepted', async () => (await waiting(scene)) > before);
      const stopping = terminate(api);
      expect((await answer).status).toBe(202);
      expect(await stopping).toEqual(CLEANLY);
    });

    test('a second SIGTERM ends the process at once', async () => {
      const { scene, interrupted: api, session } = shared();
      const before = await waiting(scene);
      const path = `/api/session/${session}/log`;
      const lost = post(api.url, path, scene.people.admin, { event_type: 'ENTRY', details: {} }, { prefer: 'wait=30' });
      lost.catch(() => {});
      await until('it is accepted', async () => (await waiting(scene)) > before);
      api.signal('SIGTERM');
      await untilSaid(api, '"stopping"');
      const started = performance.now();
      api.signal('SIGTERM');
      // Whoever is waited for would be told in the end, and the process would end with 0.
      expect(await api.exited).toEqual({ code: 1, signal: null });
      expect(performance.now() - started).toBeLessThan(5_000);
    });

    test('what they had accepted is applied by the next worker', async () => {
      const { scene } = shared();
      await scene.startWorker();
      const rows = await checkHistory(scene.database, []);
      expect(rows.every(({ status }) => status === 'applied')).toBe(true);
    });
  });

  // That a store is away stops nothing from stopping is shown without Redis above, and without Postgres in test/start.test.ts.
  test.runIf(isEverything)('every process stops while Postgres is away', async () => {
    const database = await cloneDatabase();
    const wire = await openWire(database.url);
    onTestFinished(() => wire.stop());
    const scene = await openScene({ redisUrl: redis.url, database });
    const env = { DATABASE_URL: wire.urlOf(database.url) };
    const [api, worker] = await Promise.all([scene.startApi(env), scene.startWorker(env)]);
    const all = [api, worker, ...(await startBeside(scene, api, env))];
    expect(all.map(({ name }) => name).toSorted()).toEqual(LONG_RUNNING);
    const load = startLoad({ apis: [api.url], people: scene.people, sessions: await scene.openSessions(api, 4) });
    await load.answered(50);
    wire.leadTo('postgres://127.0.0.1:1');
    wire.cut();
    await until('it is missed', async () => (await get(api.url, '/health', null)).status === 503);
    expect(await Promise.all(all.map(terminate))).toEqual(EACH_CLEANLY);
    const [next] = await Promise.all([scene.startApi(), scene.startWorker()]);
    load.turnTo([next.url]);
    await load.answered(20);
    await checkHistory(scene.database, await load.stop());
  });
});

/** A relay, with a listener, and what else the Procfile keeps running beside APIs and workers. */
async function startBeside(scene: Scene, api: Process, env: Record<string, string> = {}): Promise<Process[]> {
  const { startScheduler, startRelay, startSigner } = scene;
  const [relay, ...others] = await Promise.all([startRelay, startScheduler, startSigner].map((start) => start(env)));
  const [session_id] = await scene.openSessions(api, 1);
  await listenOnWebSocket(relay!.url, { token: scene.people.student.token, session_id: session_id! });
  const connected = async () => (await get(relay!.url, '/health', null)).body.active_connections;
  await until('the relay counts its listener', async () => (await connected()) === 1);
  return [relay!, ...others];
}

/** SIGTERM. @returns how it ended, which must be within the grace period */
async function terminate(one: Process) {
  const started = performance.now();
  one.signal('SIGTERM');
  const end = await one.exited;
  const ms = Math.round(performance.now() - started);
  console.log(`${one.name} stopped in ${ms} ms`);
  expect(ms).toBeLessThan(25_000);
  return end;
}

/** How many commands are accepted and not applied. */
async function waiting({ database }: Scene): Promise<number> {
  return (await database.pool.query(`select from commands where status = 'accepted'`)).rowCount!;
}
