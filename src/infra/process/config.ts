/**
 * The one place that reads the environment. All settings are checked at once; a bad one stops the process with every
 * problem named. Everything else gets its settings as an argument.
 */
import { join, resolve } from 'node:path';
import type { z } from 'zod';
import type { RedisAccess } from '../redis/redisLink.ts';
import { redisProblems, redisUrlOf } from '../redis/redisSettings.ts';
import { defaultOf, described, postgresUrl, type SettingName, Settings } from './settings.ts';
import { weaknessOf } from './weakSecrets.ts';

export type Config = Readonly<z.output<typeof Settings>>;

const MigrationSettings = Settings.pick({ DB_ROLE_PREFIX: true }).extend({ DATABASE_URL: postgresUrl });
export type MigrationConfig = Readonly<z.output<typeof MigrationSettings>>;

/** Where files are kept. */
export function blobFolder({ BLOB_DIR, PLEAROLL_HOME }: Config): string {
  return BLOB_DIR === undefined ? join(PLEAROLL_HOME, 'blobs') : resolve(BLOB_DIR);
}

/** Where the tokens of feeds are. */
export function feedSecretsFolder({ FEED_SECRETS_DIR, PLEAROLL_HOME }: Config): string {
  return FEED_SECRETS_DIR === undefined ? join(PLEAROLL_HOME, 'feeds') : resolve(FEED_SECRETS_DIR);
}

/** Where erasures are written down, apart from the database. */
export function erasuresFile({ ERASURES_FILE, PLEAROLL_HOME }: Config): string {
  return ERASURES_FILE === undefined ? join(PLEAROLL_HOME, 'signer', 'erasures.ndjson') : resolve(ERASURES_FILE);
}

/** What it takes to reach Redis beside its URL. */
export function redisAccess({ REDIS_CA_FILE, REDIS_SENTINEL_PASSWORD }: Config): RedisAccess {
  return { ca: REDIS_CA_FILE, sentinelPassword: REDIS_SENTINEL_PASSWORD };
}

/** How the process is run: `all` roles in this one process, or a single one of the Procfile. */
export type Topology = 'all' | 'separate';

/** Every setting that is wrong, one line each. */
export class ConfigError extends Error {
  readonly problems: string[];
  constructor(problems: string[]) {
    super(`The settings are not usable:\n${problems.map((line) => `  ${line}`).join('\n')}`);
    this.problems = problems;
  }
}

/**
 * @param verifiesTokens false for a process that needs no secret
 * @param keysVisitors true for a process that answers requests without a token
 * @throws {ConfigError} naming every problem at once
 */
export function readConfig(
  env: NodeJS.ProcessEnv,
  topology: Topology,
  verifiesTokens = true,
  keysVisitors = false,
): Config {
  const settings = parse(Settings, env);
  const made = settings.REDIS_URL === undefined ? redisUrlOf(settings) : { problems: [] };
  const config = made.url === undefined ? settings : { ...settings, REDIS_URL: made.url };
  const problems = [
    ...celeryProblems(env),
    ...made.problems,
    ...connectionProblems(config, topology),
    ...redisProblems(config),
    ...relaxedProblems(config),
    ...(verifiesTokens ? secretProblems(config, topology) : []),
    ...(keysVisitors ? serverSecretProblems(config) : []),
  ];
  if (problems.length > 0) throw new ConfigError(problems);
  return config;
}

/** Settings that nothing reads yet and that ask for something, by name. 0, empty and the default ask for nothing. */
export function settingsWithoutEffect(config: Config): SettingName[] {
  const names = Object.keys(Settings.shape) as SettingName[];
  return names.filter((name) => {
    const asksForNothing = ['', '0', String(defaultOf(name))];
    return described.get(Settings.shape[name])?.isWithoutEffect && !asksForNothing.includes(String(config[name]));
  });
}

/** All that migrating asks for: it knows no secrets. @throws {ConfigError} */
export function readMigrationConfig(env: NodeJS.ProcessEnv): MigrationConfig {
  return parse(MigrationSettings, env);
}

function parse<Shape extends z.ZodType>(shape: Shape, env: NodeJS.ProcessEnv): z.output<Shape> {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const parsed = shape.safeParse(given);
  if (parsed.success) return parsed.data;
  throw new ConfigError(parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`));
}

function connectionProblems({ DATABASE_URL, REDIS_URL }: Config, topology: Topology): string[] {
  const problems: string[] = [];
  if (REDIS_URL && !DATABASE_URL) problems.push('DATABASE_URL: is needed where REDIS_URL is set');
  if (topology === 'separate' && !DATABASE_URL && !REDIS_URL) problems.push('DATABASE_URL: separate processes need it');
  if (topology === 'separate' && !REDIS_URL) {
    problems.push('REDIS_URL: separate processes need it; without it, run everything in one process with npm start');
  }
  return problems;
}

/** By its beginning; settings that are none of these have no counterpart here. */
const CELERY_COUNTERPARTS: [string, string][] = [
  ['CELERY_BROKER_URL', 'name the Redis of the queues in REDIS_URL'],
  ['CELERY_RESULT_BACKEND', 'results are kept in the queues of REDIS_URL for a day'],
  ['CELERY_WORKER_CONCURRENCY', 'run more workers, each with the queues that WORKER_QUEUES names'],
  ['CELERY_WORKER_QUEUES', 'name the queues of a worker in WORKER_QUEUES'],
  ['CELERY_TASK_QUEUES', 'name the queues of a worker in WORKER_QUEUES'],
  ['CELERY_BEAT_', 'the timetable is fixed and runs in UTC; `plearoll job` runs a task by hand'],
];
const NO_CELERY = 'no Celery runs here; REDIS_URL names the Redis of the queues, WORKER_QUEUES what a worker serves';

/** A setting of another product that nothing reads would be set in vain. */
function celeryProblems(env: NodeJS.ProcessEnv): string[] {
  const named = Object.keys(env).filter((name) => name.startsWith('CELERY_') && env[name] !== '');
  const adviceOf = (name: string) => CELERY_COUNTERPARTS.find(([start]) => name.startsWith(start))?.[1] ?? NO_CELERY;
  return named.sort().map((name) => `${name}: is not read here: ${adviceOf(name)}`);
}

function relaxedProblems({ NODE_ENV, LV_WS_REQUIRE_AUTH }: Config): string[] {
  const isRelaxed = NODE_ENV === 'production' && !LV_WS_REQUIRE_AUTH;
  return isRelaxed ? ['LV_WS_REQUIRE_AUTH: only outside production may sockets of feeds be open to everybody'] : [];
}

function secretProblems({ NODE_ENV, JWT_SECRET, JWT_PUBLIC_KEY }: Config, topology: Topology): string[] {
  const production = NODE_ENV === 'production';
  const missing = !JWT_SECRET && !JWT_PUBLIC_KEY;
  if (missing && (production || topology === 'separate')) return ['JWT_SECRET: set it, or JWT_PUBLIC_KEY'];
  if (!production || JWT_SECRET === undefined) return [];
  const weakness = weaknessOf(JWT_SECRET);
  return weakness === undefined ? [] : [`JWT_SECRET: ${weakness}; make one with: openssl rand -base64 48`];
}

function serverSecretProblems({ NODE_ENV, SERVER_SECRET }: Config): string[] {
  if (NODE_ENV !== 'production') return [];
  if (SERVER_SECRET === undefined) return ['SERVER_SECRET: set it; make one with: openssl rand -base64 48'];
  const weakness = weaknessOf(SERVER_SECRET);
  return weakness === undefined ? [] : [`SERVER_SECRET: ${weakness}; make one with: openssl rand -base64 48`];
}
