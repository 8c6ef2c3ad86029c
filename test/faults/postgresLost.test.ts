/** Postgres may end our connections, lose an answer, stop or fall silent: nothing accepted is lost or done twice. */
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/infra/postgres/embeddedPostgres.ts';
import { checkHistory } from '../support/checkHistory.ts';
import { get, post } from '../support/client.ts';
import type { TestDatabase } from '../support/database.ts';
import { isEverything } from '../support/everything.ts';
import { startLoad } from '../support/load.ts';
import { prepareHome } from '../support/preparedHome.ts';
import { until } from '../support/processes.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { openWire, type Wire } from '../support/wire.ts';
import { recoveryTime, shareScene } from './scene.ts';

/** Once is enough to show it; all of the suite shows that it is no luck. */
const [ENDINGS, LOSSES, STOPS] = isEverything ? [8, 2, 2] : [2, 1, 1];

describe.skipIf(inject('redisUrl') === null)('Postgres', () => {
  let redis: TestRedis;
  let home: string;
  let postgres: EmbeddedPostgres;
  let wire: Wire;
  beforeAll(async () => {
    redis = await startRedis();
    home = await mkdtemp(join(inject('home'), 'lost-'));
    await prepareHome(home);
    postgres = await startEmbeddedPostgres({ home, say: () => {} });
    wire = await openWire(postgres.url);
  });
  afterAll(async () => {
    await Promise.all([wire.stop(), redis.stop(), postgres.stop()]);
    await rm(home, { recursive: true, force: true });
  });

  const shared = shareScene(
    async () => ({ redisUrl: redis.url, database: over(wire, postgres) }),
    async (scene) => {
      const { startApi, startWorker } = scene;
      const [api, second] = await Promise.all([startApi(), startApi(), startWorker()]);
      return { scene, api, second };
    },
  );

  test('may end all our connections again and again', async () => {
    const { scene, load } = await play();
    for (let i = 0; i < ENDINGS; i += 1) {
      await load.answered(20);
      await scene.database.pool.query(
        `select pg_terminate_backend(pid) from pg_stat_activity
         where datname = current_database() and application_name like 'plearoll-%'`,
      );
      expect(await recoveryTime(scene, 'connections ended')).toBeLessThan(10_000);
    }
    const rows = await checkHistory(scene.database, await load.stop());
    expect(rows.every(({ status }) => status === 'applied')).toBe(true);
  });

  test('may commit and then lose the connection before it can say so', async () => {
    const { scene, load } = await play();
    for (let i = 0; i < LOSSES; i += 1) {
      for (const said of ['commit', 'accept-commands']) {
        await load.answered(20);
        wire.loseAnswersTo(said, 10);
        await until(`ten answers to ${said} are lost`, () => wire.left() === 0);
        expect(await recoveryTime(scene, `answers to ${said} lost`)).toBeLessThan(10_000);
      }
    }
    const rows = await checkHistory(scene.database, await load.stop());
    expect(rows.every(({ status }) => status === 'applied')).toBe(true);
  });

  test('may stop: the API answers 503 meanwhile, and everything recovers by itself', async () => {
    const { scene, api, sessions, load } = await play();
    for (let i = 0; i < STOPS; i += 1) {
      await load.answered(30);
      await postgres.stop();
      const { admin } = scene.people;
      const refused = await post(api.url, `/api/session/${sessions[0]}/log`, admin, {
        event_type: 'LOST',
        details: {},
      });
      expect(refused).toMatchObject({ status: 503, body: { code: 'unavailable' } });
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
      await until('health tells of it', async () => (await get(api.url, '/health', null)).status === 503);
      expect(await get(api.url, '/ready', null)).toMatchObject({ status: 503 });
      postgres = await startEmbeddedPostgres({ home, say: () => {} });
      wire.leadTo(postgres.url);
      await until('health tells of its return', async () => (await get(api.url, '/health', null)).status === 200);
      // What waited too long is counted before it is tried, and some of it tried alone: two commits for each.
      expect(await recoveryTime(scene, 'Postgres stopped and started', 20_000)).toBeLessThan(20_000);
    }
    await load.answered(30);
    const rows = await checkHistory(scene.database, await load.stop());
    expect(rows.every(({ status }) => status === 'applied')).toBe(true);
  });

  test('may fall silent: who waits is answered 503 in the end, and everything recovers by itself', async () => {
    const { scene, api, sessions, load } = await play();
    await load.answered(30);
    wire.freeze();
    const entry = { event_type: 'ENTRY', details: {} };
    const refused = post(api.url, `/api/session/${sessions[0]}/log`, scene.people.admin, entry);
    await until('health tells of it', async () => (await get(api.url, '/health', null)).status === 503);
    expect(await refused).toMatchObject({ status: 503, body: { code: 'unavailable' } });
    wire.thaw();
    await until('health tells of its return', async () => (await get(api.url, '/health', null)).status === 200);
    expect(await recoveryTime(scene, 'Postgres silent')).toBeLessThan(10_000);
    await load.answered(30);
    await checkHistory(scene.database, await load.stop());
  });

  async function play() {
    const { scene, api, second } = shared();
    const sessions = await scene.openSessions(api, 4);
    const load = startLoad({ apis: [api.url, second.url], people: scene.people, sessions });
    return { scene, api, sessions, load };
  }
});

/** A database that comes and goes with its server. */
function over(wire: Wire, { url }: EmbeddedPostgres): TestDatabase {
  const pool = new pg.Pool({ connectionString: wire.urlOf(url), max: 4 });
  pool.on('error', () => {});
  return { url: wire.urlOf(url), pool, drop: () => pool.end() };
}
