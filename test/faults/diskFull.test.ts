/** A full disk: commands are refused with 503, questions are answered, nothing is half-written, and it goes on by itself. */
import { spawnSync } from 'node:child_process';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from 'vitest';
import { migrate } from '../../migrations/migrate.ts';
import { startEmbeddedPostgres } from '../../src/infra/postgres/embeddedPostgres.ts';
import { checkHistory } from '../support/checkHistory.ts';
import { get, post } from '../support/client.ts';
import type { TestDatabase } from '../support/database.ts';
import { isEverything } from '../support/everything.ts';
import { startLoad } from '../support/load.ts';
import { until } from '../support/processes.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { openScene, recoveryTime } from './scene.ts';

/** Holds a new Postgres with its first segments of the log, and as much again. */
const DISK_BYTES = 256 * 1024 * 1024;
const BLOCK_BYTES = 1024 * 1024;
/** Once is enough to show it; all of the suite shows that it is no luck. */
const FILLS = isEverything ? 2 : 1;

const canMount = process.platform === 'linux' && process.geteuid?.() === 0 && (await tryMount());
if (!canMount) {
  if (process.env.CI === 'true') throw new Error('CI leaves nothing out: a small tmpfs cannot be mounted');
  console.log('left out: the test of a full disk, as a small tmpfs can only be mounted by root on Linux');
}

describe.skipIf(!canMount || inject('redisUrl') === null)('a full disk', () => {
  let redis: TestRedis;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.stop());

  test('refuses commands and loses none, and with space again everything goes on by itself', async () => {
    const disk = await mountDisk(DISK_BYTES);
    const settings = { max_wal_size: '32MB', min_wal_size: '32MB' };
    const postgres = await startEmbeddedPostgres({ home: join(disk, 'home'), say: () => {}, settings });
    onTestFinished(() => postgres.stop());
    await migrate(postgres.url);
    const scene = await openScene({ redisUrl: redis.url, database: serverDatabase(postgres.url) });
    const [api] = await Promise.all([scene.startApi(), scene.startWorker()]);
    const sessions = await scene.openSessions(api, 4);
    const load = startLoad({ apis: [api.url], people: scene.people, sessions });
    for (let i = 0; i < FILLS; i += 1) {
      // Postgres dies of a log that cannot grow, which is another fault: a segment that has just begun outlasts this one.
      await scene.database.pool.query('select pg_switch_wal()');
      await load.answered(30);
      const ballast = join(disk, 'ballast');
      await fill(ballast);
      const { admin } = scene.people;
      const entry = { event_type: 'ENTRY', details: { text: 'x'.repeat(2_000) } };
      const path = `/api/session/${sessions[0]}`;
      const refused = await until('a command is refused', async () => {
        // A checkpoint gives back segments of the log.
        await fill(ballast);
        const answer = await post(api.url, `${path}/log`, admin, entry, { prefer: 'respond-async' });
        return answer.status === 503 ? answer : undefined;
      });
      expect(refused.body).toMatchObject({ code: 'unavailable' });
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
      expect((await get(api.url, path, admin)).status).toBe(200);
      const health = await get(api.url, '/health', null);
      expect(health).toMatchObject({ status: 200, body: { healthy: true, degraded: true } });
      await rm(ballast);
      expect(await recoveryTime(scene, 'the disk was full', 20_000)).toBeLessThan(20_000);
      expect((await post(api.url, `${path}/log`, admin, entry)).status).toBe(200);
    }
    await load.answered(30);
    const rows = await checkHistory(scene.database, await load.stop());
    expect(rows.every(({ status }) => status === 'applied')).toBe(true);
  });
});

async function tryMount(): Promise<boolean> {
  const folder = await mkdtemp(join(tmpdir(), 'plearoll-mount-'));
  const isMounted = mount(BLOCK_BYTES, folder);
  if (isMounted) spawnSync('umount', [folder]);
  await rm(folder, { recursive: true });
  return isMounted;
}

function mount(bytes: number, folder: string): boolean {
  return spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes},mode=755`, 'plearoll', folder]).status === 0;
}

async function mountDisk(bytes: number): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'plearoll-disk-'));
  expect(mount(bytes, folder)).toBe(true);
  onTestFinished(async () => {
    spawnSync('umount', ['-l', folder]);
    await rm(folder, { recursive: true });
  });
  return folder;
}

/** Takes every byte that is left. */
async function fill(file: string): Promise<void> {
  const ballast = await open(file, 'a');
  try {
    for (let bytes = BLOCK_BYTES; bytes >= 4_096; bytes /= 2) await writeUntilFull(ballast, Buffer.alloc(bytes, 1));
  } finally {
    await ballast.close();
  }
}

async function writeUntilFull(ballast: Awaited<ReturnType<typeof open>>, block: Buffer): Promise<void> {
  for (;;) {
    const { bytesWritten, fault } = await ballast.write(block).then(
      ({ bytesWritten }) => ({ bytesWritten, fault: undefined }),
      (fault: NodeJS.ErrnoException) => ({ bytesWritten: 0, fault }),
    );
    if (fault && fault.code !== 'ENOSPC') throw fault;
    if (bytesWritten < block.length) return;
  }
}

/** The server is the test's own: it goes as a whole. */
function serverDatabase(url: string): TestDatabase {
  const pool = new pg.Pool({ connectionString: url, max: 4 });
  pool.on('error', () => {});
  return { url, pool, drop: () => pool.end() };
}
