/** What operators see while something is away: who is alive, and a log that names what is missing and does not flood. */
import { describe, expect, inject, onTestFinished, test } from 'vitest';
import { checkHistory } from '../support/checkHistory.ts';
import { get, type Json } from '../support/client.ts';
import { cloneDatabase } from '../support/database.ts';
import { startLoad } from '../support/load.ts';
import { type Process, until, untilSaid } from '../support/processes.ts';
import { startRedis } from '../support/redis.ts';
import { openWire } from '../support/wire.ts';
import { openScene } from './scene.ts';

const redisUrl = inject('redisUrl');
/** Faults told at once, after 5 s, 15 s and 35 s: longer than the outages here. */
const OUTAGE_MS = 12_000;
const MOST_LINES = 40;

describe.skipIf(redisUrl === null)('an operator', () => {
  const healthOf = async ({ url }: Process) => (await get(url, '/health', null)).body;
  const linesOf = (process: Process): Json[] =>
    process
      .output()
      .split('\n')
      .filter((line) => line.startsWith('{') && line.endsWith('}'))
      .map((line) => JSON.parse(line) as Json)
      .filter(({ level, msg }: Json) => level >= 40 || / is back$/.test(msg));

  test('is told by every process how many of each kind are alive, and soon when one is not', async () => {
    const scene = await openScene({ redisUrl: redisUrl! });
    const [api, worker, doomed, relay, scheduler, signer] = await Promise.all([
      scene.startApi(),
      scene.startWorker(),
      scene.startWorker(),
      scene.startRelay(),
      scene.startScheduler(),
      scene.startSigner(),
    ]);
    const says = (all: Process[], processes: Json) =>
      until(`all say ${JSON.stringify(processes)}`, async () => {
        const said = await Promise.all(all.map(healthOf));
        return said.every((health) => JSON.stringify(health.processes) === JSON.stringify(processes));
      });
    await says([api, worker, doomed, relay, scheduler, signer], {
      api: 1,
      worker: 2,
      relay: 1,
      scheduler: 1,
      signer: 1,
    });
    // On a busy machine the last look at the inbox may have come to nothing: until the next nobody calls that well.
    const isWell = (one: Process) =>
      until(`${one.name} is well`, async () => {
        const { healthy, degraded } = await healthOf(one);
        return healthy && !degraded;
      });
    for (const one of [api, worker, relay, scheduler, signer]) {
      await isWell(one);
      expect(await get(one.url, '/livez', null), one.name).toMatchObject({ status: 200, body: { alive: true } });
      expect((await get(one.url, '/health?require=redis', null)).status).toBe(200);
    }
    doomed.signal('SIGKILL');
    await says([api, worker, relay, scheduler], { api: 1, worker: 1, relay: 1, scheduler: 1, signer: 1 });
    await isWell(api);
    relay.signal('SIGSTOP');
    await says([api, worker, scheduler], { api: 1, worker: 1, relay: 0, scheduler: 1, signer: 1 });
    expect(await healthOf(api)).toMatchObject({ healthy: true, degraded: true });
    relay.signal('SIGCONT');
    scheduler.signal('SIGTERM');
    await says([api, worker, relay], { api: 1, worker: 1, relay: 1, scheduler: 0, signer: 1 });
    await scene.startScheduler();
    await says([api, worker, relay], { api: 1, worker: 1, relay: 1, scheduler: 1, signer: 1 });
    await isWell(api);
    signer.signal('SIGKILL');
    await says([api, worker, relay], { api: 1, worker: 1, relay: 1, scheduler: 1, signer: 0 });
    expect(await healthOf(api)).toMatchObject({ healthy: true, degraded: true });
    await checkHistory(scene.database, []);
  });

  test('reads once which store is away and where, and once that it is back, and no flood in between', async () => {
    const redis = await startRedis();
    onTestFinished(redis.stop);
    const database = await cloneDatabase();
    const wire = await openWire(database.url);
    onTestFinished(wire.stop);
    const through = wire.urlOf(database.url);
    const scene = await openScene({ redisUrl: redis.url, database: { ...database, url: through } });
    const [api, worker, relay, scheduler] = await Promise.all([
      scene.startApi({ ACCESS_LOG_LEVEL: 'silent' }),
      scene.startWorker(),
      scene.startRelay(),
      scene.startScheduler(),
    ]);
    const everybody = [api, worker, relay, scheduler];
    const load = startLoad({ apis: [api.url], people: scene.people, sessions: await scene.openSessions(api, 2) });
    await load.answered(10);
    const [redisPlace, postgresPlace] = [
      new URL(redis.url).host,
      `${new URL(through).host}${new URL(through).pathname}`,
    ];

    await redis.kill();
    await new Promise((resolve) => setTimeout(resolve, OUTAGE_MS));
    await redis.restart();
    for (const one of everybody) await until('Redis is back', async () => (await healthOf(one)).redis_connected);
    wire.freeze();
    wire.cut();
    await new Promise((resolve) => setTimeout(resolve, OUTAGE_MS));
    wire.thaw();
    wire.cut();
    for (const one of everybody) await until('Postgres is back', async () => (await healthOf(one)).postgres_connected);

    for (const one of everybody) {
      const stores = [`Redis ${redisPlace}`, `Postgres ${postgresPlace}`];
      for (const store of stores) await untilSaid(one, `${store} is back`);
      const lines = linesOf(one);
      for (const store of stores) {
        const told = lines.filter(({ msg }) => msg.startsWith(store) && / is (away|back)$/.test(msg));
        expect(
          told.map(({ msg }) => msg),
          one.name,
        ).toEqual([`${store} is away`, `${store} is back`]);
        expect(told[1]!.away_seconds).toBeGreaterThan(5);
      }
      expect(lines.length, `${one.name}:\n${lines.map((line) => JSON.stringify(line)).join('\n')}`).toBeLessThan(
        MOST_LINES,
      );
    }
    await checkHistory(scene.database, await load.stop());
  });
});
