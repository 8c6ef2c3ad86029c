/**
 * What a timed job has at hand, real in every part: a database of its own, the queues and the broadcast of the kind, and
 * an applier that answers each command at once. The database's clock can be moved, so that the past can be lived through.
 */

import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import type pg from 'pg';
import pino from 'pino';
import { inject } from 'vitest';
import { createApplier } from '../../jobs/apply/applyCommands.ts';
import type { JobTools } from '../../jobs/job.ts';
import { acceptCommands } from '../../src/core/apply/inbox.ts';
import { newCommandId } from '../../src/core/chain/ids.ts';
import { openPool } from '../../src/infra/postgres/database.ts';
import { type Backbone, openBackbone } from '../../src/infra/process/backbone.ts';
import { readConfig } from '../../src/infra/process/config.ts';
import { timings } from '../../src/infra/timings.ts';
import { verifyRecord } from '../../src/integrity/verifyRecord.ts';
import { catalog, privateNames } from '../../src/modules.ts';
import { type Court, openCourt } from '../integrity/recordFixture.ts';
import { cloneDatabase, type TestDatabase } from './database.ts';
import { system } from './matchFixture.ts';
import { kind, SECRET } from './stack.ts';

export interface Workbench {
  database: TestDatabase;
  court: Court;
  /** Where the files are. */
  blobFolder: string;
  tools: JobTools;
  backbone: Backbone;
  /** What was logged at error level. */
  errors: { [key: string]: unknown }[];
  /** From now on the database's clock is so many hours behind or, negative, ahead. */
  hoursAgo(hours: number): Promise<void>;
  /** The same tools, with time for so many batches. */
  within(batches: number): JobTools;
  report(): ReturnType<typeof verifyRecord>;
  close(): Promise<void>;
}

/** @param movesClock whether the database's clock can be moved: it is done as a tamperer would, and verification says so */
export async function openWorkbench({ movesClock = true } = {}): Promise<Workbench> {
  const database = await cloneDatabase();
  if (movesClock) await setUpClock(database);
  const blobFolder = mkdtempSync(join(tmpdir(), 'plearoll-blobs-'));
  const env = { DATABASE_URL: database.url, JWT_SECRET: SECRET, LOG_LEVEL: 'silent', BLOB_DIR: blobFolder };
  const redis = kind === 'distributed' ? { REDIS_URL: inject('redisUrl')! } : {};
  const backbone = await openBackbone(readConfig({ ...env, ...redis }, 'all'), database.url, 'test', privateNames);
  const { queues, broadcast, observers, blobs, cache, metrics, onError } = backbone;
  const pool = openPool(database.url, 'worker', 6, onError);
  const verifierPool = backbone.openPool('verifier', 2, timings.postgres.verify_within_ms);
  const court = openCourt(database.url);
  const errors: Workbench['errors'] = [];
  const log = pino(
    { level: 'error' },
    linesOf((line) => errors.push(JSON.parse(line))),
  );
  const applier = createApplier({
    ...{ pool, catalog, queues, broadcast, blobs, metrics, log },
    erasuresFile: `${blobFolder}-erasures`,
    openStateKey: async () => randomBytes(32),
  });

  const tools: JobTools = {
    ...{ pool, verifierPool, queues, broadcast, observers, blobs, cache, metrics, log },
    slot: new Date().toISOString(),
    input: {},
    gallery_retention_ms: 48 * 3_600_000,
    async send({ name, input, key, expected_sequence = null }) {
      const id = newCommandId();
      const streams = catalog.commands.get(name)!.streams({ id, input }, null);
      const [acceptance] = await acceptCommands(pool as never, [
        {
          ...{ id, name, streams, input, actor: system, expected_sequence },
          institution_id: typeof input.owner === 'string' ? input.owner : null,
          ...{ idempotency: { scope: 'system', key }, fingerprint: null, reply_to: 'nobody', request_id: id },
          redrive_of: null,
        },
      ]);
      if (!acceptance || 'reused' in acceptance || acceptance.joined) return;
      const data = { commands: [{ id, name, stream: streams[0]!, streams }] };
      await applier.answer({ data, attemptsStarted: 1, stalledCounter: 0 } as never);
    },
    progress: async () => {},
    isOver: () => false,
  };

  async function close(): Promise<void> {
    await applier.close();
    await Promise.all([court.close(), pool.end(), verifierPool.end()]);
    await backbone.close();
    await database.drop();
    rmSync(blobFolder, { recursive: true, force: true });
    rmSync(`${blobFolder}-erasures`, { force: true });
  }

  return {
    database,
    court,
    blobFolder,
    tools,
    backbone,
    errors,
    hoursAgo: async (hours) => void (await database.pool.query('update clock.hands set hours_ago = $1', [hours])),
    within(batches) {
      let left = batches;
      return { ...tools, isOver: () => left-- <= 0 };
    },
    report: () => withoutClock(database, (db) => verifyRecord(db as never, catalog, { institution_id: null })),
    close,
  };
}

/** A function of the same name that stands before Postgres's own in the search path. */
async function setUpClock({ pool, url }: TestDatabase): Promise<void> {
  await pool.query(`
    create schema clock;
    create table clock.hands (hours_ago integer not null);
    insert into clock.hands values (0);
    create function clock.clock_timestamp() returns timestamptz language sql volatile as $$
      select pg_catalog.clock_timestamp() - hours_ago * interval '1 hour' from clock.hands $$;
    grant usage on schema clock to public;
    grant select on clock.hands to public;
    alter database ${nameOf(url)} set search_path = clock, pg_catalog, public`);
}

/** What begins without that search path: with it, the guards would not be as they should. */
async function withoutClock<T>({ pool, url }: TestDatabase, work: (db: pg.Pool) => Promise<T>): Promise<T> {
  const { rows } = await pool.query(`select from pg_namespace where nspname = 'clock'`);
  await pool.query(`alter database ${nameOf(url)} reset search_path`);
  const fresh = openPool(url, 'verifier', 1, () => {}, undefined, timings.postgres.verify_within_ms);
  try {
    return await work(fresh);
  } finally {
    await fresh.end();
    if (rows.length > 0) await pool.query(`alter database ${nameOf(url)} set search_path = clock, pg_catalog, public`);
  }
}

const nameOf = (url: string) => new URL(url).pathname.slice(1);

export function linesOf(take: (line: string) => void): Writable {
  return new Writable({
    write(chunk, _encoding, done) {
      for (const line of String(chunk).split('\n')) if (line !== '') take(line);
      done();
    },
  });
}
