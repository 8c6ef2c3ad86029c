/**
 * Every setting: what it must look like, its default, which processes read it and what it does. docs/settings.md is made
 * from this list by `npm run settings`.
 */
import { createPublicKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import ipaddr from 'ipaddr.js';
import { z } from 'zod';
import { isKeyName, parseVkey } from '../../core/proof/keys.ts';
import { DEFAULT_ROLE_PREFIX } from '../../core/sql/databaseRoles.ts';
import { SERVED_QUEUES, type ServedQueue } from '../queue/queueNames.ts';
import { parseRedisUrl } from '../redis/redisUrl.ts';

export interface Described {
  /** Processes of the Procfile, and npm scripts; `start` is all of it in one process. */
  readBy: readonly string[];
  help: string;
  /** What stands for the default where the schema does not say it. */
  unset?: string;
  /** Nothing reads it yet. */
  isWithoutEffect?: true;
}

export const described = z.registry<Described>();

const API = ['start', 'web'];
const RELAY = ['start', 'relay'];
const DOORS = ['start', 'web', 'relay'];
const SIGNER = ['start', 'signer'];
const HEADS = ['start', 'web', 'worker', 'relay', 'signer'];
const PROCESSES = ['start', 'web', 'worker', 'relay', 'scheduler', 'signer'];
const SCRIPTS = ['job', 'backup', 'restore', 'psql'];

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
const headers = list
  .transform((names) => names.map((name) => name.toLowerCase()))
  .refine(
    (names) => names.every((name) => /^[\w-]+$/.test(name) && name !== 'forwarded'),
    'must name headers that hold addresses alone, which Forwarded does not',
  );
const pem = z.string().transform((text, context) => {
  try {
    return createPublicKey(text.replaceAll('\\n', '\n'));
  } catch {
    context.addIssue({ code: 'custom', message: 'must be a public key in PEM form' });
    return z.NEVER;
  }
});
const url = (protocols: RegExp, example: string) => z.url({ protocol: protocols, error: `must look like ${example}` });
const redisUrl = z.string().superRefine((text, context) => {
  try {
    parseRedisUrl(text);
  } catch (fault) {
    context.addIssue({ code: 'custom', message: (fault as Error).message });
  }
});
const certificates = z.string().transform((path, context) => {
  try {
    const pem = readFileSync(path, 'utf8');
    return new X509Certificate(pem) && pem;
  } catch (fault) {
    const { message } = fault as Error;
    context.addIssue({ code: 'custom', message: `must be a file of certificates in PEM form (${message})` });
    return z.NEVER;
  }
});
export const postgresUrl = url(/^postgres(ql)?$/, 'postgres://user:password@host:5432/database');

const path = z.string().min(1);
const sinks = list.refine(
  (all) => all.every((one) => /^(file:.+|https?:\/\/.+)$/.test(one)),
  'must be a list like file:/var/checkpoints.txt,https://court.example/checkpoints',
);
const MOST_WITNESSES = 20;
const witnesses = list.transform((all, context) => {
  const parsed = all.map((one) => {
    const [, vkey = '', url] = /^(\S+) +(https?:\/\/\S+)$/.exec(one) ?? [];
    const key = parseVkey(vkey);
    return key?.algorithm === 'cosignature' && url && URL.canParse(url)
      ? { key, url: url.replace(/\/+$/, '') }
      : undefined;
  });
  const good = parsed.filter((one) => one !== undefined);
  const names = new Set(good.map(({ key }) => key.name));
  if (names.size === all.length && all.length <= MOST_WITNESSES) return good;
  const message = `must be a list of ${MOST_WITNESSES} at most, each a name of its own, like <vkey> https://witness.example`;
  context.addIssue({ code: 'custom', message });
  return z.NEVER;
});
const queues = list.transform((names, context): ServedQueue[] => {
  const unknown = names.filter((name) => !(SERVED_QUEUES as string[]).includes(name));
  if (names.length > 0 && unknown.length === 0) return SERVED_QUEUES.filter((name) => names.includes(name));
  const wrong = unknown.length === 0 ? 'names no queue' : `${unknown.join(', ')} is no queue`;
  context.addIssue({ code: 'custom', message: `${wrong}: a worker serves some of ${SERVED_QUEUES.join(', ')}` });
  return z.NEVER;
});
const keyName = z.string().refine(isKeyName, 'must have no spaces and no plus');

const ROLE_PREFIX = /^(?!pg(_|$))[a-z][a-z0-9_]{0,40}$/;
const rolePrefix = z
  .string()
  .regex(ROLE_PREFIX, 'must be a small letter and up to 40 more of a-z, 0-9 and _; not pg, which Postgres keeps');

export const Settings = z.object({
  PORT: port.optional().register(described, {
    readBy: API,
    unset: '3000, or a free port where that is taken',
    help: 'Port of the API; under `npm start`, of the sockets too.',
  }),
  RELAY_PORT: port.optional().register(described, {
    readBy: ['relay'],
    unset: '3001, or a free port where that is taken',
    help: 'Port of the sockets where the relay is a process of its own.',
  }),
  METRICS_PORT: port.optional().register(described, {
    readBy: PROCESSES,
    unset: '9464 (worker), 9465 (scheduler), 9466 (web, start), 9467 (relay), 9468 (signer)',
    help: 'Port of `/metrics` beside the public one, for everybody who reaches it. The API and the relay open it where it is set, and where `/metrics` is not on their public port.',
  }),
  METRICS_TOKEN: z
    .string()
    .regex(/^\S{16,}$/, 'must have 16 characters or more, and no spaces')
    .optional()
    .register(described, {
      readBy: DOORS,
      help: 'Bearer token of `/metrics` on a public port. Without it `/metrics` is served there only on loopback outside production.',
    }),
  HOST: z.string().default('127.0.0.1').register(described, {
    readBy: PROCESSES,
    help: 'Address that the servers listen on.',
  }),
  DATABASE_URL: postgresUrl.optional().register(described, {
    readBy: [...PROCESSES, ...SCRIPTS, 'migrate'],
    unset: 'the embedded Postgres (`npm start` and scripts alone)',
    help: 'The Postgres that keeps the record, 15 or newer.',
  }),
  DB_ROLE_PREFIX: rolePrefix.default(DEFAULT_ROLE_PREFIX).register(described, {
    readBy: [...PROCESSES, 'job', 'backup', 'restore', 'migrate'],
    help: 'Beginning of the names of the database roles. Two installations on one cluster need two.',
  }),
  REDIS_URL: redisUrl.optional().register(described, {
    readBy: [...PROCESSES, 'job'],
    unset: 'queue in Postgres, broadcast in the process (`npm start` alone)',
    help: 'The Redis of the queue, the broadcast, presence and rate limits, alone (`redis://`), a Cluster (`redis+cluster://host,host`) or behind Sentinels (`redis+sentinel://host,host/master-name`); over TLS with `rediss` in its place ([redis.md](redis.md)). It must not evict.',
  }),
  REDIS_HOST: z
    .string()
    .optional()
    .register(described, {
      readBy: [...PROCESSES, 'job'],
      help: 'With the three below, for those who have its parts: `REDIS_URL` is made of them where it is not set. Without a host they ask for nothing.',
    }),
  REDIS_PORT: z
    .string()
    .optional()
    .register(described, { readBy: [...PROCESSES, 'job'], unset: '`6379`', help: 'Port at `REDIS_HOST`.' }),
  REDIS_DB: z
    .string()
    .optional()
    .register(described, { readBy: [...PROCESSES, 'job'], unset: '`0`', help: 'Number of the database there.' }),
  REDIS_PASSWORD: z
    .string()
    .optional()
    .register(described, {
      readBy: [...PROCESSES, 'job'],
      help: 'Password there. In production, a Redis that is not on loopback needs one, here or in its URL.',
    }),
  REDIS_CACHE_URL: redisUrl.optional().register(described, {
    readBy: [...PROCESSES, 'job'],
    unset: '`REDIS_URL`',
    help: 'Another Redis for rate limits and what is cached, which may evict.',
  }),
  REDIS_CA_FILE: certificates.optional().register(described, {
    readBy: [...PROCESSES, 'job'],
    unset: 'the authorities that Node trusts',
    help: 'File of the certificates, in PEM form, that sign those of Redis and its Sentinels; for `rediss`. No others are then taken.',
  }),
  REDIS_SENTINEL_PASSWORD: z
    .string()
    .optional()
    .register(described, {
      readBy: [...PROCESSES, 'job'],
      help: 'Password of the Sentinels themselves. That of the servers which they watch stands in `REDIS_URL`.',
    }),
  PLEAROLL_HOME: z
    .string()
    .default('.plearoll')
    .transform((path) => resolve(path))
    .register(described, {
      readBy: ['start', 'web', 'worker', 'relay', 'signer', 'token', ...SCRIPTS],
      unset: '`.plearoll`',
      help: "Folder of the embedded Postgres, its password, the secret that `npm start` makes, and exhibits' files.",
    }),
  NODE_ENV: z.string().default('development').register(described, {
    readBy: PROCESSES,
    help: '`production` refuses missing and weak secrets and closes `/metrics` on public ports.',
  }),
  LOG_LEVEL: level.default('info').register(described, {
    readBy: [...PROCESSES, 'job'],
    help: `How much is logged: ${level.options.join(', ')}.`,
  }),
  ACCESS_LOG_LEVEL: level.default('info').register(described, {
    readBy: API,
    help: 'Level at which each request is logged; `silent` for none.',
  }),
  JWT_SECRET: z
    .string()
    .min(1)
    .optional()
    .register(described, {
      readBy: [...DOORS, 'token'],
      unset: 'made once and kept in `PLEAROLL_HOME` (`npm start` outside production alone)',
      help: 'Secret of tokens signed with HS256. Production takes 32 random bytes or more.',
    }),
  JWT_PUBLIC_KEY: pem.optional().register(described, {
    readBy: DOORS,
    help: 'Public key, in PEM form, of tokens signed with RS256, ES256 or EdDSA.',
  }),
  JWT_ISSUER: z
    .string()
    .optional()
    .register(described, {
      readBy: [...DOORS, 'token'],
      help: 'The `iss` that a token must name.',
    }),
  JWT_AUDIENCE: z
    .string()
    .optional()
    .register(described, {
      readBy: [...DOORS, 'token'],
      help: 'The `aud` that a token must name.',
    }),
  FEATURE_MOOT_OPERATIONS: flag.default(true).register(described, {
    readBy: DOORS,
    help: 'Whether sessions can be run and followed.',
  }),
  FEATURE_SESSION_RECORDING: flag.default(false).register(described, {
    readBy: API,
    help: 'Whether a session may name recordings.',
  }),
  TRUSTED_PROXIES: cidrs.default([]).register(described, {
    readBy: DOORS,
    help: 'Networks of proxies whose word for an address is believed, like `10.0.0.0/8,::1/128`.',
  }),
  GEOIP_FILE: path.optional().register(described, {
    readBy: API,
    unset: 'nobody is located',
    help: 'File in the MaxMind DB format (`.mmdb`) that has the latitude and longitude of addresses. It is read once, at the start: restart after replacing it.',
  }),
  REAL_ADDRESS_HEADER: headers.default(['x-forwarded-for']).register(described, {
    readBy: DOORS,
    unset: '`x-forwarded-for`',
    help: 'Headers in which a trusted proxy names the address that it serves, such as `cf-connecting-ip`: the first that came is read, `x-forwarded-for` after all others. Every such proxy must set it, or take away what a client wrote.',
  }),
  CORS_ORIGINS: list.default([]).register(described, {
    readBy: DOORS,
    help: 'Origins of web pages that may call the API and open sockets, separated by commas. Without it every page may open sockets, and none of another origin calls the API.',
  }),
  WEBSOCKET_CORS_ALLOWED_ORIGINS: list.optional().register(described, {
    readBy: RELAY,
    unset: '`CORS_ORIGINS`',
    help: 'Origins of web pages that may open sockets, where they are others.',
  }),
  PUBLIC_URL: url(/^https?$/, 'https://court.example')
    .optional()
    .register(described, {
      readBy: DOORS,
      help: 'Address at which the public finds this installation. Its pages may always open sockets, and problems name the page there that explains their code.',
    }),
  WS_MAX_QUEUE: count.default(100).register(described, {
    readBy: RELAY,
    help: 'How many events a listener may be behind what it takes; 0 for no limit.',
  }),
  WS_OVERFLOW_ACTION: z.enum(['drop_oldest', 'disconnect', 'catch_up']).default('drop_oldest').register(described, {
    readBy: RELAY,
    help: 'What becomes of a listener that is further behind: `drop_oldest` tells it which events it misses and goes on with the newest, `disconnect` sends it away to come back, `catch_up` drops nothing and goes on at its pace.',
  }),
  WS_MAX_CONNECTIONS_PER_USER: count.default(3).register(described, {
    readBy: RELAY,
    help: 'New connections of one user in an hour; 0 for no limit. Coming back with a resume ticket is none.',
  }),
  WS_MAX_CONNECTIONS_PER_IP: count.default(5).register(described, {
    readBy: RELAY,
    help: "New connections from one address in an hour (IPv6 by its network of 64 bits); 0 for no limit. Coming back with a resume ticket is none, and this machine's own address is not counted.",
  }),
  WS_MAX_REPLAY: count.default(10_000).register(described, {
    readBy: RELAY,
    help: 'A listener that missed more events than this gets a snapshot instead of them.',
  }),
  LV_WS_REQUIRE_AUTH: flag.default(true).register(described, {
    readBy: RELAY,
    help: 'Whether sockets of feeds ask for a token. `false` shows what is public to everybody; in production it is refused.',
  }),
  WS_ALLOWLIST: cidrs.default([]).register(described, {
    readBy: DOORS,
    help: 'Networks of venues, which no limit by address counts.',
  }),
  RATE_LIMIT_GENERAL_PER_MINUTE: count.default(100).register(described, {
    readBy: API,
    help: 'Commands of one user in a minute, or of one address without a token; 0 for no limit.',
  }),
  RATE_LIMIT_READS_PER_MINUTE: count.default(600).register(described, {
    readBy: API,
    help: 'Questions (GET) of one user in a minute, or of one address without a token, counted apart from commands; 0 for no limit.',
  }),
  RATE_LIMIT_OBJECTIONS_PER_MINUTE: count.default(10).register(described, {
    readBy: API,
    help: 'Objections that one user tries to raise in a minute; 0 for no limit.',
  }),
  RATE_LIMIT_UPLOADS_PER_MINUTE: count.default(5).register(described, {
    readBy: API,
    help: 'Files that one user uploads in a minute; 0 for no limit.',
  }),
  SERVER_SECRET: z.string().min(1).optional().register(described, {
    readBy: DOORS,
    unset: 'derived from `JWT_SECRET` (outside production alone)',
    help: 'Secret that keys the names of visitors without a token, so that no store says who they are. All APIs and relays of an installation have the same. Production takes 32 random bytes or more.',
  }),
  GUARD_MAX_KEYS: count.default(200_000).register(described, {
    readBy: API,
    help: 'How many browsers without a token the guard tells apart within a minute; beyond it their commands get 503. 0 switches the guard off.',
  }),
  RATE_LIMIT_REVEALS_PER_HOUR: count.default(5).register(described, {
    readBy: API,
    help: 'Contact cards that one user has revealed in an hour; 0 for no limit.',
  }),
  RATE_LIMIT_TELEMETRY_PER_HOUR: count.default(120).register(described, {
    readBy: API,
    help: 'Batches of telemetry that one user sends in an hour; 0 for no limit.',
  }),
  BLOB_DIR: z
    .string()
    .optional()
    .register(described, {
      readBy: ['start', 'web', 'worker', 'job', 'restore'],
      unset: '`blobs` in `PLEAROLL_HOME`',
      help: "Folder of exhibits' files, shared by all APIs and workers.",
    }),
  LOG_ORIGIN: keyName.optional().register(described, {
    readBy: HEADS,
    unset: '`plearoll/<installation id>`',
    help: 'Name of the log and of its key, which checkpoints begin with. It stays what it is once something was signed.',
  }),
  LOG_KEY_FILE: path.optional().register(described, {
    readBy: SIGNER,
    unset: '`signer/<installation id>/log.key` in `PLEAROLL_HOME`, made at the first start',
    help: 'File of the key that signs checkpoints. It stays on the host of the signer.',
  }),
  HEAD_KEY_FILE: path.optional().register(described, {
    readBy: HEADS,
    unset: '`signer/<installation id>/head.key` in `PLEAROLL_HOME`, made at the first start',
    help: 'File of the key that signs where a session stands. The API and the relay read it.',
  }),
  SIGNER_STATE_FILE: path.optional().register(described, {
    readBy: SIGNER,
    unset: '`signer/<installation id>/state.json` in `PLEAROLL_HOME`',
    help: 'File in which the signer keeps what it signed last, apart from the database. Without it nothing is signed.',
  }),
  CHECKPOINT_SINKS: sinks.optional().register(described, {
    readBy: SIGNER,
    unset: '`file:` and `checkpoints.txt` beside the state',
    help: 'Where each checkpoint goes, separated by commas: `file:<path>`, to which it is appended, or an address of http(s), to which it is posted. One of them should be out of reach for those who administer the database.',
  }),
  WITNESSES: witnesses.default([]).register(described, {
    readBy: [...SIGNER, 'worker'],
    help: 'Witnesses that cosign each checkpoint, separated by commas: the vkey that `plearoll witness` printed, a space, and its address. They belong on machines of others.',
  }),
  CHECKPOINT_SECONDS: z.coerce.number().min(0.1).max(3_600).default(10).register(described, {
    readBy: SIGNER,
    help: 'How often the log is signed while it grows. The end of a session is signed within two seconds.',
  }),
  ERASURES_FILE: z
    .string()
    .optional()
    .register(described, {
      readBy: ['start', 'worker', 'restore'],
      unset: '`signer/erasures.ndjson` in `PLEAROLL_HOME`',
      help: 'File in which every erasure is written down before it is committed, and from which a restored backup is told of it. Keep it apart from the database; workers on several machines need one that they share.',
    }),
  GALLERY_RETENTION_HOURS: z.coerce
    .number()
    .min(0.001)
    .max(8_760)
    .default(48)
    .register(described, {
      readBy: ['start', 'worker', 'job'],
      help: 'How long what spectators say in galleries is kept, in hours, with decimals. Then it is erased (docs/gallery.md).',
    }),
  WORKER_QUEUES: queues.default([...SERVED_QUEUES]).register(described, {
    readBy: ['start', 'worker'],
    unset: 'all of them',
    help: `Queues that this worker serves, separated by commas: ${SERVED_QUEUES.join(', ')}. Some worker has to serve each; \`/health\` and \`plearoll doctor\` name those that none does.`,
  }),
  FEED_ALLOWED_NETWORKS: cidrs.default([]).register(described, {
    readBy: ['start', 'web', 'worker', 'job'],
    help: 'Networks, like `10.0.0.0/8`, in which the sites of feeds may be although their addresses are not public, and where they are asked without TLS too.',
  }),
  FEED_SECRETS_DIR: z
    .string()
    .min(1)
    .optional()
    .register(described, {
      readBy: ['start', 'web', 'worker', 'job'],
      unset: '`feeds` in `PLEAROLL_HOME`',
      help: 'Folder of the tokens of feeds: `<institution id>/<name>`, each a file that holds `{"origin":"https://…","token":"…"}`.',
    }),
  FEED_RESULTS_BACK: flag.default(false).register(described, {
    readBy: ['start', 'web', 'worker'],
    help: "Whether admins may send the sheets of a match's judges back to the tournament software that it came from.",
  }),
  SHUTDOWN_GRACE_SECONDS: z.coerce.number().min(1).default(25).register(described, {
    readBy: PROCESSES,
    help: 'How long a process that was told to stop may take. A relay sends its listeners away in the first part of it, one after the other.',
  }),
});

export type SettingName = keyof typeof Settings.shape;

/** What a setting is where nothing is set; undefined where that is not one value. */
export function defaultOf(name: SettingName): unknown {
  return Settings.shape[name].parse(undefined);
}
