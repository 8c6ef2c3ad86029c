/**
 * The claim on a database. A process that keeps presence, limits and announcements in its own memory must be the only one:
 * it holds a session lock of the database for as long as it lives, and processes that share a Redis hold the same lock
 * together. The lock is of a connection: it falls with the process, and is taken again when the connection was lost.
 */

import { hostname } from 'node:os';
import type pg from 'pg';
import type { Log } from '../telemetry/log.ts';
import { timings } from '../timings.ts';
import { type ClaimMode, type Holder, inUseSentence, LOCK, readHolders } from './databaseHolders.ts';
import { openSession } from './ownSession.ts';

export interface DatabaseClaim {
  /** Processes that are refused are told this address. */
  tell(url: string): Promise<void>;
  release(): Promise<void>;
}

export interface ClaimOptions {
  log: Log;
  /** Called where another holds the lock by the time it can be taken again. */
  end?(): void;
}

export class DatabaseInUseError extends Error {}

// A host that is gone without a word lets go of the lock within half a minute, and an idle one is not sent away.
const SETTINGS = `
  set idle_session_timeout = 0; set tcp_keepalives_idle = 10; set tcp_keepalives_interval = 5;
  set tcp_keepalives_count = 3`;
const TRY_LOCK: Record<ClaimMode, string> = {
  alone: `select pg_try_advisory_lock(${LOCK}) as taken, pg_backend_pid() as pid`,
  together: `select pg_try_advisory_lock_shared(${LOCK}) as taken, pg_backend_pid() as pid`,
};
/** Postgres cuts the name of a connection at 63 bytes. */
const HOST_LENGTH = 20;

/** @throws {DatabaseInUseError} that names the holders */
export async function claimDatabase(
  url: string,
  mode: ClaimMode,
  { log, end = endAsFailed }: ClaimOptions,
): Promise<DatabaseClaim> {
  let name = `plearoll-${mode} ${process.pid}@${hostname().slice(0, HOST_LENGTH)}`;
  let session: pg.Client | undefined;
  let backend = 0;
  let isReleased = false;

  /** @returns the holders; none where it is ours now */
  async function tryToTake(): Promise<Holder[]> {
    const client = await openSession(url, name);
    try {
      await client.query(SETTINGS);
      const { rows } = await client.query<{ taken: boolean; pid: number }>(TRY_LOCK[mode]);
      if (!rows[0]!.taken) return await readHolders(client);
      if (isReleased) return [];
      backend = rows[0]!.pid;
      session = client;
      watchSession(client, onLost);
      return [];
    } finally {
      if (session !== client) await client.end().catch(() => {});
    }
  }

  function onLost(client: pg.Client): void {
    if (session !== client) return;
    session = undefined;
    if (!isReleased) void takeAgain();
  }

  async function takeAgain(): Promise<void> {
    log.warn('claim on the database lost with its connection; taking it again');
    while (!isReleased) {
      const others = await tryToTake().then(
        (holders) => holders.filter(({ pid }) => pid !== backend),
        () => [],
      );
      if (session) return log.info('claim on the database taken again');
      if (others.length > 0) {
        log.fatal(inUseSentence(mode, others));
        return end();
      }
      await new Promise((resolve) => setTimeout(resolve, timings.database.claim_again_ms));
    }
  }

  for (const started = performance.now(); ; ) {
    const holders = await tryToTake();
    if (session) break;
    if (performance.now() - started > timings.database.claim_within_ms)
      throw new DatabaseInUseError(inUseSentence(mode, holders));
    await new Promise((resolve) => setTimeout(resolve, timings.database.claim_again_ms));
  }
  return {
    async tell(address) {
      name = `${name} ${address}`;
      // Where it is being taken again just now, it is taken under this name.
      await session?.query(`select set_config('application_name', $1, false)`, [name]).catch(() => {});
    },
    async release() {
      isReleased = true;
      const client = session;
      session = undefined;
      await client?.end();
    },
  };
}

/** A connection that is half open is silent for ever: it is asked. Once lost, it is ended. */
function watchSession(client: pg.Client, onLost: (client: pg.Client) => void): void {
  let isLost = false;
  const beat = setInterval(() => {
    const question = { text: 'select', query_timeout: timings.database.claim_beat_every_ms };
    client.query(question).catch(lose);
  }, timings.database.claim_beat_every_ms).unref();
  function lose(): void {
    if (isLost) return;
    isLost = true;
    clearInterval(beat);
    onLost(client);
    void client.end().catch(() => {});
  }
  client.once('end', lose);
}

function endAsFailed(): void {
  process.exitCode = 1;
  process.kill(process.pid, 'SIGTERM');
}
