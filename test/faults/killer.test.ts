/** A command that takes its process down is not known by its fault: its attempts are counted before they are made. */

import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest';
import { timings } from '../../src/infra/timings.ts';
import { amountAt } from '../support/amounts.ts';
import { checkHistory, untilSettled } from '../support/checkHistory.ts';
import { isEverything } from '../support/everything.ts';
import { faster } from '../support/fasterTimings.ts';
import { startLoad } from '../support/load.ts';
import { killAll, type Process, until } from '../support/processes.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { acceptEntry, commandState, type Scene, shareScene } from './scene.ts';

/** Some of the processes that are started one after the other are waited for until they are held for stalled. */
const SETTLED_WITHIN_MS = 120_000;

describe.skipIf(inject('redisUrl') === null)('a command', { timeout: 300_000 }, () => {
  let redis: TestRedis;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.stop());

  const shared = shareScene(
    async () => ({ redisUrl: redis.url }),
    async (scene) => ({ scene, api: await scene.startApi() }),
  );
  // Each test begins with the API alone.
  afterEach(() => killAll(shared().scene.processes.filter((one) => one.name !== 'api' && one.isAlive())));

  test('that kills its worker each time is dead after three attempts, and no neighbour dies with it', async () => {
    const { scene, api } = shared();
    const first = await scene.startEntry('poisonedWorker');
    const sessions = await scene.openSessions(api, 8);
    first.signal('SIGKILL');
    await first.exited;
    const poison = await acceptEntry(scene, api, sessions[0]!, { poison: 'kill' });
    const neighbours: string[] = [];
    for (let n = 0; n < 24; n += 1) neighbours.push(await acceptEntry(scene, api, sessions[n % 8]!, { n }));
    await letTimePass(scene);

    const deaths = await untilSettledBy(scene, 1);
    expect(await commandState(api, poison)).toMatchObject({ status: 'dead', attempts: 3 });
    for (const id of neighbours) expect(await commandState(api, id)).toMatchObject({ status: 'applied' });
    expect(deaths).toBe(3);
    await checkHistory(scene.database, []);
  });

  test.runIf(isEverything)(
    'that kills its worker each time does so three times, however many doorbells ring for its stream',
    async () => {
      const { scene, api } = shared();
      const first = await scene.startEntry('poisonedWorker');
      const sessions = await scene.openSessions(api, 2);
      first.signal('SIGKILL');
      await first.exited;
      const poison = await acceptEntry(scene, api, sessions[0]!, { poison: 'kill' });
      const load = startLoad({
        apis: [api.url],
        people: scene.people,
        sessions,
        clients: 8,
        headers: { prefer: 'wait=1' },
      });
      await letTimePass(scene);
      const deaths = await untilSettledBy(scene, 2, poison);
      await load.answered(50);
      const rows = await checkHistory(scene.database, await load.stop());
      const dead = rows.filter(({ status }) => status === 'dead');
      expect(dead.map(({ id }) => id)).toContain(poison);
      // Those of the load have a key.
      expect(dead.filter(({ idempotency_key }) => idempotency_key !== null)).toEqual([]);
      expect(deaths).toBeLessThanOrEqual(4);
    },
  );

  test('that never comes to an end takes its worker down, which says where it stood, and is tried again by the next', async () => {
    const { scene, api } = shared();
    const { sessions, poison } = await hang(scene, api);
    const after = await acceptEntry(scene, api, sessions[0]!, { n: 1 });
    // To an honest one the command is like any other.
    await scene.startWorker();
    await untilSettled(scene.database.pool);
    expect(await commandState(api, poison)).toMatchObject({ status: 'applied' });
    expect(await commandState(api, after)).toMatchObject({ status: 'applied' });
    await checkHistory(scene.database, []);
  });

  test.runIf(isEverything)(
    'that never comes to an end is dead after its attempts, and the rest of its stream goes on',
    async () => {
      const { scene, api } = shared();
      const { sessions, poison } = await hang(scene, api);
      const after = [
        await acceptEntry(scene, api, sessions[0]!, { n: 1 }),
        await acceptEntry(scene, api, sessions[1]!, { n: 2 }),
      ];

      const deaths = await untilSettledBy(scene, 1);
      expect(deaths).toBe(3);
      expect(await commandState(api, poison)).toMatchObject({ status: 'dead', attempts: 3 });
      for (const id of after) expect(await commandState(api, id)).toMatchObject({ status: 'applied' });
      await checkHistory(scene.database, []);
    },
  );

  test.runIf(isEverything)(
    'that is being applied when its worker is stopped for long is no sign that it hangs',
    async () => {
      const { scene, api } = shared();
      const worker = await scene.startWorker();
      const [session] = await scene.openSessions(api, 1);
      worker.signal('SIGSTOP');
      await worker.stopped();
      const waiting = await acceptEntry(scene, api, session!, { n: 1 });
      const since = performance.now();
      await until(
        'more than the patience of the watchdog is over',
        () => performance.now() - since > 1.4 * faster(timings).watchdog.patience_ms,
      );
      worker.signal('SIGCONT');
      await untilSettled(scene.database.pool);
      expect(await commandState(api, waiting)).toMatchObject({ status: 'applied' });
      expect(worker.isAlive()).toBe(true);
      await checkHistory(scene.database, []);
    },
  );

  test.runIf(isEverything)('that kills nobody is not given up because many workers came upon it at once', async () => {
    const { scene, api } = shared();
    const first = await scene.startWorker();
    const sessions = await scene.openSessions(api, 1);
    first.signal('SIGKILL');
    await first.exited;
    const waiting = [
      await acceptEntry(scene, api, sessions[0]!, { n: 0 }),
      await acceptEntry(scene, api, sessions[0]!, { n: 1 }),
    ];
    await letTimePass(scene);
    const client = await scene.database.pool.connect();
    try {
      await client.query('begin');
      await client.query('select from streams where stream = $1 for update', [`session:${sessions[0]}`]);
      const workers = await Promise.all(Array.from({ length: 4 }, () => scene.startWorker()));
      for (const worker of workers) {
        await until('it has come upon it', async () => (await amountAt('streams_backing_off', [worker])) === 1);
      }
      await client.query('commit');
    } finally {
      client.release();
    }
    await untilSettled(scene.database.pool);
    for (const id of waiting) expect(await commandState(api, id)).toMatchObject({ status: 'applied', attempts: 1 });
    await checkHistory(scene.database, []);
  });
});

/** A worker meets a command that never comes to an end, and is ended by its watchdog. */
async function hang(scene: Scene, api: Process): Promise<{ sessions: string[]; poison: string }> {
  const worker = await scene.startEntry('poisonedWorker');
  const sessions = await scene.openSessions(api, 2);
  const poison = await acceptEntry(scene, api, sessions[0]!, { poison: 'hang' });
  expect(await worker.exited).toEqual({ code: null, signal: 'SIGABRT' });
  const line = worker
    .output()
    .split('\n')
    .find((text) => text.includes('stands still'));
  expect(JSON.parse(line!)).toMatchObject({ level: 60, process: 'worker', command_id: poison, command: 'session.log' });
  return { sessions, poison };
}

/** As if what waits had been accepted a minute ago. */
async function letTimePass({ database }: Scene): Promise<void> {
  await database.pool.query(
    `update commands set accepted_at = accepted_at - interval '1 minute' where status = 'accepted'`,
  );
}

/** Keeps so many poisoned workers alive until all, or one command, is settled. @returns how often one died */
async function untilSettledBy(scene: Scene, count: number, id?: string): Promise<number> {
  let deaths = 0;
  let settled = false;
  const keep = async () => {
    while (!settled) {
      // It may be dead before it could say that it is ready.
      const worker = await scene.startEntry('poisonedWorker').catch(() => undefined);
      await Promise.race([worker?.exited, untilOver]);
      if (!worker?.isAlive()) deaths += 1;
    }
  };
  const text = `select from commands where status = 'accepted' and ($1::uuid is null or id = $1) limit 1`;
  const untilOver = until(
    'it is settled',
    async () => (await scene.database.pool.query(text, [id ?? null])).rowCount === 0,
    SETTLED_WITHIN_MS,
  ).finally(() => {
    settled = true;
  });
  await Promise.all([untilOver, ...Array.from({ length: count }, keep)]);
  return deaths;
}
