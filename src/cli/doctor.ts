/** `plearoll doctor`: whether an installation has what it needs, each line right or with what to do. */
import { openSession } from '../infra/postgres/ownSession.ts';
import { findOwner, hasServed } from '../infra/postgres/plearollHome.ts';
import { findRunning } from '../infra/postgres/withDatabase.ts';
import {
  blobFolder,
  type Config,
  ConfigError,
  readConfig,
  redisAccess,
  settingsWithoutEffect,
} from '../infra/process/config.ts';
import { defineSubcommand } from '../infra/process/subcommand.ts';
import { inspectRedis } from '../infra/redis/inspectRedis.ts';
import { redisPlace } from '../infra/redis/redisUrl.ts';
import { postgresPlace } from '../infra/telemetry/absence.ts';
import { maskPasswords } from '../infra/telemetry/redaction.ts';
import {
  checkConnections,
  checkDatabase,
  checkFolder,
  checkNode,
  checkProcesses,
  checkSecret,
  type Line,
} from './checkups.ts';

export const doctor = defineSubcommand({
  name: 'doctor',
  summary:
    'Says of the settings, the database, its roles, Redis, the folders and the clocks what is right and what to do.',
  notes: 'It reads the settings that the processes would read, and changes nothing.',
  exits: { 0: 'nothing is wrong', 1: 'something is', 3: 'usage' },
  async run(_, __, { env, out }) {
    let isRight = true;
    for await (const { verdict, subject, text } of examine(env)) {
      isRight &&= verdict !== 'wrong';
      const [first, ...more] = maskPasswords(text).split('\n');
      out.write(`${verdict.padEnd(5)}  ${subject.padEnd(10)} ${first}\n`);
      for (const one of more) out.write(`${' '.repeat(18)}${one.trim()}\n`);
    }
    return isRight ? 0 : 1;
  },
});

async function* examine(env: NodeJS.ProcessEnv): AsyncGenerator<Line> {
  yield checkNode();
  let config: Config;
  try {
    config = readConfig(env, 'all');
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    for (const text of error.problems) yield { verdict: 'wrong', subject: 'settings', text };
    return;
  }
  yield checkSettings(config, env);
  yield checkSecret(config);
  yield await checkFolder('home', config.PLEAROLL_HOME, 'PLEAROLL_HOME');
  yield await checkFolder('files', blobFolder(config), 'BLOB_DIR');
  yield* examineDatabase(config, env.NODE_ENV === 'production');
  if (config.REDIS_URL !== undefined) yield* examineRedis(config, config.REDIS_URL, false);
  if (config.REDIS_CACHE_URL !== undefined) yield* examineRedis(config, config.REDIS_CACHE_URL, true);
}

function checkSettings(config: Config, env: NodeJS.ProcessEnv): Line {
  const idle = settingsWithoutEffect(config);
  if (idle.length > 0) return { verdict: 'note', subject: 'settings', text: `without effect: ${idle.join(', ')}` };
  const kind = config.REDIS_URL ? 'Postgres and Redis' : config.DATABASE_URL ? 'Postgres alone' : 'all embedded';
  const mode = env.NODE_ENV === 'production' ? 'production' : 'not production: NODE_ENV';
  return { verdict: 'right', subject: 'settings', text: `${kind}; ${mode}` };
}

async function* examineDatabase(
  { DATABASE_URL, PLEAROLL_HOME, DB_ROLE_PREFIX }: Config,
  isProduction: boolean,
): AsyncGenerator<Line> {
  const owner = DATABASE_URL === undefined ? await findOwner(PLEAROLL_HOME) : undefined;
  if (DATABASE_URL === undefined && !owner) {
    const text = hasServed(PLEAROLL_HOME)
      ? 'not running: plearoll start starts it'
      : 'made by the first plearoll start';
    yield { verdict: 'note', subject: 'Postgres', text };
    return;
  }
  let place = 'the embedded one';
  try {
    const url = DATABASE_URL ?? (await findRunning(PLEAROLL_HOME));
    place = postgresPlace(url);
    const client = await openSession(url, 'plearoll-doctor');
    try {
      const lines = await checkDatabase(client, DB_ROLE_PREFIX, isProduction);
      yield* lines;
      if (lines.some(({ verdict }) => verdict === 'wrong')) return;
      yield await checkProcesses(client);
      yield await checkConnections(client);
    } finally {
      await client.end();
    }
  } catch (fault) {
    const text = `${place}: ${(fault as Error).message || String(fault)}`;
    yield { verdict: 'wrong', subject: 'Postgres', text };
  }
}

async function* examineRedis(config: Config, url: string, mayEvict: boolean): AsyncGenerator<Line> {
  const subject = mayEvict ? 'cache' : 'Redis';
  try {
    const { text, complaints, notes } = await inspectRedis(url, redisAccess(config), mayEvict);
    for (const complaint of complaints) yield { verdict: 'wrong', subject, text: complaint };
    if (complaints.length === 0) yield { verdict: 'right', subject, text };
    for (const note of notes) yield { verdict: 'note', subject, text: note };
  } catch (fault) {
    yield { verdict: 'wrong', subject, text: `${redisPlace(url)}: ${(fault as Error).message || String(fault)}` };
  }
}
