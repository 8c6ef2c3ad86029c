/** The sequencer and the signer, ended at each statement and each step: what is in the log is whole, and what is signed grows. */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type pg from 'pg';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { judgeLog } from '../../../chaos/judgeLog.ts';
import { readLog } from '../../../chaos/sealed.ts';
import { type SigningTools, signCheckpoint } from '../../../jobs/log/checkpoints.ts';
import { prepareSigning } from '../../../jobs/log/prepareSigning.ts';
import { sequenceLog } from '../../../jobs/log/sequenceLog.ts';
import { createSinks } from '../../../jobs/log/sinks.ts';
import { openPool } from '../../../src/infra/postgres/database.ts';
import { readConfig } from '../../../src/infra/process/config.ts';
import { readState } from '../../../src/infra/signer/stateFile.ts';
import { createMetrics } from '../../../src/infra/telemetry/metrics.ts';
import { cloneDatabase, type TestDatabase } from '../../support/database.ts';
import { isEverything } from '../../support/everything.ts';
import { changeActor, newStream, sequenceAll } from '../../support/logStreams.ts';
import { Died, type Mortal, mortalPool } from '../../support/mortal.ts';

/** Each of some dozens of deaths is followed by a few files that are flushed. */
const PATIENTLY = { timeout: 300_000 };

let database: TestDatabase;
let pool: pg.Pool;
let folder: string;
let sink: string;

beforeEach(async () => {
  database = await cloneDatabase();
  pool = openPool(database.url, 'worker', 6, () => {});
  folder = await mkdtemp(join(tmpdir(), 'plearoll-killed-'));
  sink = join(folder, 'checkpoints.txt');
});
afterEach(async () => {
  await pool.end();
  await database.drop();
  await rm(folder, { recursive: true, force: true });
});

const OPEN = `
  select from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and state <> 'idle'`;
const rows = async (text: string) => (await database.pool.query(text)).rows;
const backbone = () => ({
  config: readConfig({ PLEAROLL_HOME: folder, LOG_ORIGIN: 'court.example/log' }, 'all', false),
  ...{ installation: 'here', log: { info() {} } },
});
const prepare = (of = pool) => prepareSigning(backbone() as never, of);

/** Lets it die at its first step, at its second, and so on, until it lives: before a statement and after it. */
async function dieAtEach(live: (mortal: Mortal) => Promise<unknown>, after: () => Promise<void>): Promise<number> {
  let deaths = 0;
  for (const when of ['sent', 'answered'] as const) {
    for (let n = 1, isAlive = false; !isAlive; n += 1) {
      const mortal = mortalPool(pool, n, when);
      // What is under way with it breaks off otherwise.
      await live(mortal).catch((fault) => {
        if (mortal.isAlive()) throw fault;
      });
      isAlive = mortal.isAlive();
      if (!isAlive) deaths += 1;
      // What it left open in Postgres ends when its connection is missed.
      await vi.waitUntil(async () => (await rows(OPEN)).length === 0, { timeout: 20_000, interval: 5 });
      await after();
    }
  }
  return deaths;
}

/** All of it sequenced, signed and delivered, then judged. */
async function expectSound(tools: SigningTools): Promise<void> {
  await sequenceAll(pool);
  await signCheckpoint(tools);
  await deliver(pool);
  expect(judgeLog(await readLog(database.pool, sink))).toEqual([]);
}

/** @param step before each statement */
async function deliver(db: pg.Pool, step = () => {}): Promise<void> {
  const query = (...args: unknown[]) => {
    step();
    return (db.query as (...given: unknown[]) => unknown)(...args);
  };
  const tools = { db: { query } as never, metrics: createMetrics(), log: { warn() {} } };
  const sinks = createSinks([`file:${sink}`], tools);
  sinks.deliver();
  await sinks.close();
}

test('a sequencer that dies has done all of a pass or nothing, at each statement', PATIENTLY, async () => {
  const tools = await prepare();
  const streams = [newStream(pool), newStream(pool), newStream(pool)];
  const deaths = await dieAtEach(
    async ({ pool: mortal }) => {
      for (const stream of streams) await stream.grow(2);
      await sequenceLog(mortal);
    },
    () => expectSound(tools),
  );
  expect(deaths).toBeGreaterThan(15);
});

test('a signer that dies at its first start starts again with the same keys, and no state is made up', async () => {
  const first = newStream(pool);
  const keys = new Set<string>();
  const deaths = await dieAtEach(
    ({ pool: mortal }) => prepare(mortal),
    async () => void keys.add((await prepare()).key.key_id),
  );
  expect([deaths > 3, keys.size]).toEqual([true, 1]);
  await first.grow(1);
  await expectSound(await prepare());
  const { key, origin, stateFile } = await prepare();
  await rm(stateFile);
  await prepare().catch(() => {});
  expect(await readState(stateFile, origin)).toBeUndefined();
  expect(key.name).toBe(origin);
});

test(
  'a signer that dies tells what it had signed, and what it signs then grew from that, at each step',
  PATIENTLY,
  async () => {
    const tools = await prepare();
    const stream = newStream(pool);
    const deaths = await dieAtEach(
      async (mortal) => {
        await stream.grow(3);
        await sequenceAll(pool);
        await signCheckpoint({ ...tools, pool: mortal.pool, reach: () => mortal.step() });
      },
      () => expectSound(tools),
    );
    expect(deaths).toBeGreaterThan(15);
    const drafts = (await readdir(join(folder, 'signer/here'))).filter(
      (name) => !/^(log|head)\.key$|^state\.json$/.test(name),
    );
    expect(drafts).toEqual([]);
  },
);

test.runIf(isEverything)(
  'a signer that dies while it takes a bad leaf back leaves a log that others are signed in',
  PATIENTLY,
  async () => {
    const tools = await prepare();
    const good = newStream(pool);
    const bad: ReturnType<typeof newStream>[] = [];
    const deaths = await dieAtEach(
      async (mortal) => {
        const stream = newStream(pool);
        bad.push(stream);
        await stream.grow(2);
        await good.grow(1);
        await sequenceAll(pool);
        await rows(changeActor(stream.stream, 2, 'somebody'));
        await signCheckpoint({ ...tools, pool: mortal.pool, reach: () => mortal.step() });
      },
      async () => {
        await signCheckpoint(tools);
        await rows(changeActor(bad.at(-1)!.stream, 2, 'system'));
        await rows(`update log_state set swept = '', sweep_due = '-infinity'`);
        await expectSound(tools);
      },
    );
    expect(deaths).toBeGreaterThan(15);
  },
);

test('a signer that dies while it delivers delivers again, and in order', async () => {
  const tools = await prepare();
  const stream = newStream(pool);
  let steps = 0;
  for (let n = 1; n <= 4; n += 1) {
    for (let i = 0; i < 2; i += 1) {
      await stream.grow(1);
      await sequenceAll(pool);
      await signCheckpoint(tools);
    }
    steps = 0;
    await deliver(pool, () => {
      steps += 1;
      if (steps >= n) throw new Died();
    });
    expect(steps).toBeGreaterThanOrEqual(n);
    await expectSound(tools);
  }
});
