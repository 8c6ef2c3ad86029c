/** Running a process: read the settings, start, wait for a signal, stop in order. Bad settings are all named at once. */
import type { DatabaseRole } from '../../core/sql/databaseRoles.ts';
import { claimDatabase, type DatabaseClaim } from '../postgres/databaseClaim.ts';
import { demandSchema } from '../postgres/schema.ts';
import { createLog, type Log } from '../telemetry/log.ts';
import { maskPasswords } from '../telemetry/redaction.ts';
import { type Config, ConfigError, readConfig, settingsWithoutEffect } from './config.ts';
import { catchStop, type Step, stopInOrder, whenAborted } from './shutdown.ts';
import { weaknessOf } from './weakSecrets.ts';

export interface Started {
  log: Log;
  steps: Step[];
}

/** One process of several. */
export interface Part {
  /** One of its roles in the database, as which it looks at the schema. */
  role: DatabaseRole;
  /** A process that verifies no token needs no secret. */
  verifiesTokens: boolean;
  /** A process that names visitors without a token by the server's secret. */
  keysVisitors?: true;
}

/**
 * @param part of the installation, or all of it
 * @param start stops again what it had started and throws when the signal is aborted before it is through
 * @returns once it runs, with nothing else to do for the caller
 */
export async function runProcess(
  part: 'all' | Part,
  start: (config: Config, stop: AbortSignal) => Promise<Started>,
): Promise<void> {
  const stop = catchStop();
  try {
    const config =
      part === 'all'
        ? readConfig(process.env, 'all', true, true)
        : readConfig(process.env, 'separate', part.verifiesTokens, part.keysVisitors);
    whenAborted(stop, () => endAfter(config.SHUTDOWN_GRACE_SECONDS));
    if (part !== 'all') await demandSchema(config.DATABASE_URL!, part.role, config.DB_ROLE_PREFIX);
    const claim = part === 'all' ? undefined : await claimTogether(config);
    stop.throwIfAborted();
    const { log, steps } = await start(config, stop);
    endOnFault(log);
    const settings = settingsWithoutEffect(config);
    if (settings.length > 0) log.warn({ settings }, 'settings have no effect in this version');
    // Production has refused it before.
    const weakness = config.JWT_SECRET === undefined ? undefined : weaknessOf(config.JWT_SECRET);
    if (weakness !== undefined) log.warn({ setting: 'JWT_SECRET', weakness }, 'secret can be guessed');
    whenAborted(stop, () => {
      log.info({ signal: stop.reason }, 'stopping');
      const claimed = { name: 'claim', run: () => claim?.release() };
      void stopInOrder([...steps, claimed], log).then(() => process.exit());
    });
  } catch (error) {
    // It was told to stop before it had begun, and has: that is no failure.
    if (stop.aborted) process.exit(0);
    console.error(error instanceof ConfigError ? error.message : `Plearoll could not start: ${describe(error)}`);
    process.exit(1);
  }
}

/** All of it in one process claims the database for itself, as it knows best how. */
function claimTogether({ DATABASE_URL, LOG_LEVEL }: Config): Promise<DatabaseClaim> {
  return claimDatabase(DATABASE_URL!, 'together', { log: createLog(LOG_LEVEL, 'claim') });
}

function endAfter(graceSeconds: number): void {
  const end = () => {
    console.error('The grace period is over: ending with work under way.');
    process.exit(1);
  };
  setTimeout(end, graceSeconds * 1_000).unref();
}

/** What nobody caught leaves the process in a state that nobody knows. It is said in the log, redacted as all of it is. */
function endOnFault(log: Log): void {
  process.on('uncaughtException', (err) => {
    log.fatal({ err }, 'uncaught fault');
    process.exit(1);
  });
}

/** For the operator's own terminal, who may read addresses, and needs to. */
function describe(error: unknown): string {
  const { message, stack } = error as Error;
  return maskPasswords(process.env.LOG_LEVEL === 'debug' ? (stack ?? message) : message || String(error));
}
