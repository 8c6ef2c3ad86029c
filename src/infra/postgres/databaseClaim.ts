/**
 * Who serves a database. A process that keeps presence, limits and announcements in its own memory must be the only one:
 * it holds a session lock of the database for as long as it lives, and processes that share a Redis hold the same lock
 * together. The lock is of a connection: it falls with the process, and is taken again when the connection was lost.
 */
import { hostname } from 'node:os';
import type pg from 'pg';
import type { Log } from '../telemetry/log.ts';
import { openSession } from './ownSession.ts';

export type ClaimMode = 'alone' | 'together';

export interface DatabaseClaim {
  /** Whoever is refused is told this address. */
  tell(url: string): Promise<void>;
  release(): Promise<void>;
}

export interface ClaimOptions {
  log: Log;
  /** Called where another holds the lock by the time it can be taken again. */
  end?(): void;
}

export class DatabaseInUseError extends Error {}

interface Holder {
  pid: number;
  name: string;
  since: Date | null;
}

/** Two numbers of ours; migrations and suspects lock by one. */
const LOCK = '1886152033, 1';
const HOLDERS = `
  select l.pid, coalesce(nullif(a.application_name, ''), 'another') as name, a.backend_start as since
  from pg_locks l left join pg_stat_activity a on a.pid = l.pid
  where l.locktype = 'advisory' and l.classid::bigint = 1886152033 and l.objid::bigint = 1 and l.objsubid = 2
    and l.granted and l.database = (select oid from pg_database where datname = current_database())
  order by a.backend_start, l.pid limit 5`;
// A host that is gone without a word lets go of the lock within half a minute, and an idle one is not sent away.
const SETTINGS = `
  set idle_session_timeout = 0; set tcp_keepalives_idle = 10; set tcp_keepalives_interval = 5;
  set tcp_keepalives_count = 3`;
/** A process that was killed just now may hold it for a moment. */
const TAKE_WITHIN_MS = 3_000;
const TRY_AGAIN_MS = 300;
const BEAT_EVERY_MS = 5_000;
/** Postgres cuts the name of a connection at 63 bytes. */
const HOST_LENGTH = 20;

/** @throws {DatabaseInUseError} that says who has it */
export async function claimDatabase(
  url: string,
  mode: ClaimMode,
  { log, end = endAsFailed }: ClaimOptions,
): Promise<DatabaseClaim> {
  const take = mode === 'alone' ? 'pg_try_advisory_lock' : 'pg_try_advisory_lock_shared';
  let name = `plearoll-${mode} ${process.pid}@${hostname().slice(0, HOST_LENGTH)}`;
  let session: pg.Client | undefined;
  let backend = 0;
  let isReleased = false;

  /** @returns who has it; nobody where it is ours now */
  async function tryToTake(): Promise<Holder[]> {
    const client = await openSession(url, name);
    try {
      await client.query(SETTINGS);
      const { rows } = await client.query<{ taken: boolean; pid: number }>(
        `select ${take}(${LOCK}) as taken, pg_backend_pid() as pid`,
      );
      if (!rows[0]!.taken) return (await client.query<Holder>(HOLDERS)).rows;
      if (isReleased) return [];
      backend = rows[0]!.pid;
      session = client;
      keep(client);
      return [];
    } finally {
      if (session !== client) await client.end().catch(() => {});
    }
  }

  /** A connection that is half open is silent for ever: it is asked. */
  function keep(client: pg.Client): void {
    const beat = setInterval(() => {
      const question = { text: 'select', query_timeout: BEAT_EVERY_MS };
      client.query(question).catch(lose);
    }, BEAT_EVERY_MS).unref();
    function lose(): void {
      if (session !== client) return;
      clearInterval(beat);
      session = undefined;
      void client.end().catch(() => {});
      if (!isReleased) void takeAgain();
    }
    client.once('end', lose);
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
        log.fatal(sentence(mode, others));
        return end();
      }
      await new Promise((resolve) => setTimeout(resolve, TRY_AGAIN_MS));
    }
  }

  for (const started = performance.now(); ; ) {
    const holders = await tryToTake();
    if (session) break;
    if (performance.now() - started > TAKE_WITHIN_MS) throw new DatabaseInUseError(sentence(mode, holders));
    await new Promise((resolve) => setTimeout(resolve, TRY_AGAIN_MS));
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

function endAsFailed(): void {
  process.exitCode = 1;
  process.kill(process.pid, 'SIGTERM');
}

function sentence(mode: ClaimMode, holders: Holder[]): string {
  const who = holders.map(shown).join(', ') || 'a process that has just ended';
  const isAlone = mode === 'together' || holders.some(({ name }) => name.startsWith('plearoll-alone'));
  if (isAlone) {
    return (
      `The database is served by one process alone, which keeps presence and limits in its memory: ${who}. ` +
      'Stop it, or name another database. Several processes at once all need the same REDIS_URL.'
    );
  }
  return (
    `The database is served by processes that share a Redis: ${who}. ` +
    'Set their REDIS_URL here too, stop them, or name another database.'
  );
}

/** `process 12 on host h, http://127.0.0.1:3000, since ...`, from the name that its connection bears. */
function shown({ pid, name, since }: Holder): string {
  const [, own, host, address] = /^plearoll-\w+ (\d+)@(\S+)(?: (\S+))?/.exec(name) ?? [];
  const who = own ? `process ${own} on host ${host}` : `${name} (backend ${pid} of Postgres)`;
  return [who, address, since && `since ${since.toISOString()}`].filter(Boolean).join(', ');
}
