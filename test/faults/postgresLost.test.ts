/** Postgres may end our connections, lose an answer, stop or fall silent: nothing accepted is lost or done twice. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from 'vitest';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/infra/postgres/embeddedPostgres.ts';
import { checkHistory } from '../support/checkHistory.ts';
import { get, post } from '../support/client.ts';
import { cloneDatabase, type TestDatabase } from '../support/database.ts';
import { startLoad } from '../support/load.ts';
import { prepareHome } from '../support/preparedHome.ts';
import { until } from '../support/processes.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { openWire, type Wire } from '../support/wire.ts';
import { openScene, recoveryTime } from './scene.ts';

describe.skipIf(inject('redisUrl') === null)('Postgres', () => {
  let redis: TestRedis;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.stop());

  test('may end all our connections again and again', async () => {
    const { scene, load } = await play(await cloneDatabase());
    for (let i = 0; i < 8; i += 1) {
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
    const database = await cloneDatabase();
    const wire = await wireTo(database.url);
    const { scene, load } = await play(database, wire);
    for (const said of ['commit', 'accept-commands', 'commit', 'accept-commands']) {
      await load.answered(20);
      wire.loseAnswersTo(said, 10);
      await until(`ten answers to ${said} are lost`, () => wire.left() === 0);
      expect(await recoveryTime(scene, `answers to ${said} lost`)).toBeLessThan(10_000);
    }
    const rows = await checkHistory(scene.database, await load.stop());
    expect(rows.every(({ status }) => status === 'applied')).toBe(true);
  });

  test('may stop: the API answers 503 meanwhile, and everything recovers by itself', async () => {
    const home = await mkdtemp(join(tmpdir(), 'plearoll-lost-'));
    await prepareHome(home);
    let postgres = await startEmbeddedPostgres({ home, say: () => {} });
    onTestFinished(async () => {
      await postgres.stop();
      await rm(home, { recursive: true, force: true });
    });
    const wire = await wireTo(postgres.url);
    const { scene, api, sessions, load } = await play(over(wire, postgres), wire);
    for (let i = 0; i < 2; i += 1) {
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
    const database = await cloneDatabase();
    const wire = await wireTo(database.url);
    const { scene, api, sessions, load } = await play(database, wire);
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

  async function play(database: TestDatabase, wire?: Wire) {
    const url = wire?.urlOf(database.url) ?? database.url;
    const scene = await openScene({ redisUrl: redis.url, database });
    const env = { DATABASE_URL: url };
    const [api, second] = await Promise.all([
      scene.startApi(env),
      scene.startApi(env),
      scene.startWorker(env),
      scene.startWorker(env),
    ]);
    const sessions = await scene.openSessions(api, 4);
    const load = startLoad({ apis: [api.url, second.url], people: scene.people, sessions });
    return { scene, api, sessions, load };
  }
});

async function wireTo(url: string): Promise<Wire> {
  const wire = await openWire(url);
  onTestFinished(() => wire.stop());
  return wire;
}

/** A database that comes and goes with its server. */
function over(wire: Wire, { url }: EmbeddedPostgres): TestDatabase {
  const pool = new pg.Pool({ connectionString: wire.urlOf(url), max: 4 });
  pool.on('error', () => {});
  return { url: wire.urlOf(url), pool, drop: () => pool.end() };
}
