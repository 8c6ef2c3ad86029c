/**
 * A change of a table asks for a lock, and while that waits behind a transaction that stays open, as a backup's does, all
 * later questions to the table wait behind it. So no statement of a migration waits for longer than two seconds: what it
 * has done is taken back, those behind it go on, and it is tried again.
 */
import type { Knex } from 'knex';
import type pg from 'pg';

export const LOCK_TIMEOUT_MS = 2_000;
/** As long as one try: at most half of the time is somebody held up. */
const PAUSE_MS = 2_000;
const PATIENCE_MS = 15 * 60_000;
const SAY_EVERY = 10;
/** It would have waited for longer, or in a circle. */
const IN_THE_WAY = ['55P03', '40P01'];

export interface Patience {
  /** Told now and then what is waited for. */
  say(line: string): void;
  /** Who has a transaction open for long, as far as this login may know. */
  describeHolders(): Promise<string>;
  pause_ms?: number;
  within_ms?: number;
}

/** @param work is a transaction, or does no harm when it is done again */
export async function patiently<T>(
  what: string,
  work: () => Promise<T>,
  { say, describeHolders, pause_ms = PAUSE_MS, within_ms = PATIENCE_MS }: Patience,
): Promise<T> {
  const started = performance.now();
  for (let tries = 0; ; tries += 1) {
    try {
      return await work();
    } catch (fault) {
      if (!IN_THE_WAY.includes((fault as { code?: string }).code ?? '')) throw fault;
      const holders = await describeHolders();
      if (performance.now() - started > within_ms) throw tooLong(what, holders, fault);
      if (tries % SAY_EVERY === 0) say(`${what} waits for a lock${holders}; it is tried again.`);
      await new Promise((resolve) => setTimeout(resolve, pause_ms));
    }
  }
}

function tooLong(what: string, holders: string, cause: unknown): Error {
  return new Error(
    `${what} waited too long for a lock${holders}. What was migrated before it stays; migrate again when that is over`,
    { cause },
  );
}

/** @returns nothing where none is known; what belongs to other logins is told to members of pg_read_all_stats alone */
export async function describeHolders(client: Pick<pg.Client, 'query'>): Promise<string> {
  const { rows } = await client.query<{ pid: number; name: string; seconds: number }>(
    `select pid, coalesce(nullif(application_name, ''), 'no name') as name,
       round(extract(epoch from clock_timestamp() - xact_start))::integer as seconds
     from pg_stat_activity
     where datname = current_database() and pid <> pg_backend_pid()
       and xact_start < clock_timestamp() - interval '2 seconds'
     order by xact_start limit 3`,
  );
  if (rows.length === 0) return '';
  return `; open for long: ${rows.map(({ pid, name, seconds }) => `${name} (pid ${pid}) for ${seconds} s`).join(', ')}`;
}

/**
 * Builds an index while its table is written to. For a migration that is no transaction (`export const config = { transaction: false }`)
 * and does nothing else; what a build that was cut off left behind is no index, and is built anew.
 */
export async function buildIndex(knex: Knex, name: string, definition: string): Promise<void> {
  // It holds up nobody, and waits for every transaction that is older than itself.
  await knex.raw('set lock_timeout = 0');
  const { rows } = await knex.raw('select indisvalid from pg_index where indexrelid = to_regclass(?)', [name]);
  if (rows[0]?.indisvalid === false) await knex.raw(`drop index concurrently ${name}`);
  await knex.raw(`create index concurrently if not exists ${name} ${definition}`);
  await knex.raw(`set lock_timeout = ${LOCK_TIMEOUT_MS}`);
}
