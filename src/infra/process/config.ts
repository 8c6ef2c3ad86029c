/**
 * The one place that reads the environment. All settings are checked at once; a bad one stops the process with every
 * problem named. Everything else gets its settings as an argument.
 */
import { createPublicKey } from 'node:crypto';
import { join, resolve } from 'node:path';
import ipaddr from 'ipaddr.js';
import { z } from 'zod';
import { DEFAULT_ROLE_PREFIX } from '../../core/sql/databaseRoles.ts';
import { weaknessOf } from './weakSecrets.ts';

const port = z.coerce.number().int().min(0).max(65_535);
const level = z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']);
const count = z.coerce.number().int().min(0);
const flag = z.enum(['true', 'false', '1', '0']).transform((text) => text === 'true' || text === '1');
const list = z.string().transform((text) =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter(Boolean),
);
const cidrs = list.refine((items) => items.every((item) => ipaddr.isValidCIDR(item)), 'must be a list like 10.0.0.0/8');
const pem = z.string().transform((text, context) => {
  try {
    return createPublicKey(text.replaceAll('\\n', '\n'));
  } catch {
    context.addIssue({ code: 'custom', message: 'must be a public key in PEM form' });
    return z.NEVER;
  }
});
const url = (protocols: RegExp, example: string) => z.url({ protocol: protocols, error: `must look like ${example}` });
const postgresUrl = url(/^postgres(ql)?$/, 'postgres://user:password@host:5432/database');
const redisUrl = url(/^rediss?$/, 'redis://host:6379');

const ROLE_PREFIX = /^(?!pg(_|$))[a-z][a-z0-9_]{0,40}$/;
const rolePrefix = z
  .string()
  .regex(ROLE_PREFIX, 'must be a small letter and up to 40 more of a-z, 0-9 and _; not pg, which Postgres keeps');

const Settings = z.object({
  PORT: port.optional(),
  RELAY_PORT: port.optional(),
  METRICS_PORT: port.optional(),
  METRICS_TOKEN: z
    .string()
    .regex(/^\S{16,}$/, 'must have 16 characters or more, and no spaces')
    .optional(),
  HOST: z.string().default('127.0.0.1'),
  DATABASE_URL: postgresUrl.optional(),
  DB_ROLE_PREFIX: rolePrefix.default(DEFAULT_ROLE_PREFIX),
  REDIS_URL: redisUrl.optional(),
  REDIS_CACHE_URL: redisUrl.optional(),
  PLEAROLL_HOME: z
    .string()
    .default('.plearoll')
    .transform((path) => resolve(path)),
  NODE_ENV: z.string().default('development'),
  LOG_LEVEL: level.default('info'),
  ACCESS_LOG_LEVEL: level.default('info'),
  JWT_SECRET: z.string().min(1).optional(),
  JWT_PUBLIC_KEY: pem.optional(),
  JWT_ISSUER: z.string().optional(),
  JWT_AUDIENCE: z.string().optional(),
  FEATURE_MOOT_OPERATIONS: flag.default(true),
  FEATURE_SESSION_RECORDING: flag.default(false),
  TRUSTED_PROXIES: cidrs.default([]),
  CORS_ORIGINS: list.default([]),
  WS_MAX_QUEUE: count.default(100),
  WS_OVERFLOW_ACTION: z.enum(['drop_oldest', 'disconnect']).default('drop_oldest'),
  WS_MAX_CONNECTIONS_PER_USER: count.default(3),
  WS_MAX_CONNECTIONS_PER_IP: count.default(5),
  WS_MAX_REPLAY: count.default(10_000),
  WS_ALLOWLIST: cidrs.default([]),
  RATE_LIMIT_GENERAL_PER_MINUTE: count.default(100),
  BLOB_DIR: z.string().optional(),
  SHUTDOWN_GRACE_SECONDS: z.coerce.number().min(1).default(25),
});

export type Config = Readonly<z.output<typeof Settings>>;

const MigrationSettings = Settings.pick({ DB_ROLE_PREFIX: true }).extend({ DATABASE_URL: postgresUrl });
export type MigrationConfig = Readonly<z.output<typeof MigrationSettings>>;

/** Where files are kept. */
export function blobFolder({ BLOB_DIR, PLEAROLL_HOME }: Config): string {
  return BLOB_DIR === undefined ? join(PLEAROLL_HOME, 'blobs') : resolve(BLOB_DIR);
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
 * @throws {ConfigError} naming every problem at once
 */
export function readConfig(env: NodeJS.ProcessEnv, topology: Topology, verifiesTokens = true): Config {
  const config = parse(Settings, env);
  const problems = [
    ...connectionProblems(config, topology),
    ...(verifiesTokens ? secretProblems(config, topology) : []),
  ];
  if (problems.length > 0) throw new ConfigError(problems);
  return config;
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

function secretProblems({ NODE_ENV, JWT_SECRET, JWT_PUBLIC_KEY }: Config, topology: Topology): string[] {
  const production = NODE_ENV === 'production';
  const missing = !JWT_SECRET && !JWT_PUBLIC_KEY;
  if (missing && (production || topology === 'separate')) return ['JWT_SECRET: set it, or JWT_PUBLIC_KEY'];
  if (!production || JWT_SECRET === undefined) return [];
  const weakness = weaknessOf(JWT_SECRET);
  return weakness === undefined ? [] : [`JWT_SECRET: ${weakness}; make one with: openssl rand -base64 48`];
}
