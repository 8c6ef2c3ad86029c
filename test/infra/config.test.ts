/** Settings are read in one place, checked all at once, and refused with every problem named. */

import { generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type Algorithm, noteKey, vkeyOf } from '../../src/core/proof/keys.ts';
import { type ConfigError, readConfig, type Topology } from '../../src/infra/process/config.ts';
import { SERVED_QUEUES } from '../../src/infra/queue/queueNames.ts';

const POSTGRES = 'postgres://me:secret@localhost:5432/plearoll';
const REDIS = 'redis://localhost:6379';
const LONG = 'a-secret-that-is-surely-long-enough-0123456789';

function problemsOf(env: Record<string, string>, topology: Topology = 'all'): string[] {
  try {
    readConfig(env, topology);
    return [];
  } catch (error) {
    return (error as ConfigError).problems;
  }
}

describe('settings', () => {
  test('nothing set is a good embedded configuration with the documented defaults', () => {
    expect(readConfig({}, 'all')).toMatchObject({
      HOST: '127.0.0.1',
      FEATURE_MOOT_OPERATIONS: true,
      FEATURE_SESSION_RECORDING: false,
      FEED_RESULTS_BACK: false,
      WS_MAX_QUEUE: 100,
      WS_OVERFLOW_ACTION: 'drop_oldest',
      WS_MAX_CONNECTIONS_PER_USER: 3,
      WS_MAX_CONNECTIONS_PER_IP: 5,
      WS_MAX_REPLAY: 10_000,
      RATE_LIMIT_GENERAL_PER_MINUTE: 100,
      RATE_LIMIT_READS_PER_MINUTE: 600,
      SHUTDOWN_GRACE_SECONDS: 25,
      TRUSTED_PROXIES: [],
      WS_ALLOWLIST: [],
      WORKER_QUEUES: SERVED_QUEUES,
    });
  });

  test('a worker is told which queues it serves, by names that there are', () => {
    expect(readConfig({ WORKER_QUEUES: ' ml,commands ,ml' }, 'all').WORKER_QUEUES).toEqual(['commands', 'ml']);
    const all = SERVED_QUEUES.join(', ');
    expect(problemsOf({ WORKER_QUEUES: 'commands,blockchain_queue,dead-letters' })).toEqual([
      `WORKER_QUEUES: blockchain_queue, dead-letters is no queue: a worker serves some of ${all}`,
    ]);
    expect(problemsOf({ WORKER_QUEUES: ',' })).toEqual([
      `WORKER_QUEUES: names no queue: a worker serves some of ${all}`,
    ]);
  });

  test('what was set for Celery is refused, and says what to use', () => {
    const env = {
      CELERY_BROKER_URL: REDIS,
      CELERY_TASK_SERIALIZER: 'json',
      CELERY_TIMEZONE: '',
      CELERY_BEAT_SCHEDULE: '',
    };
    expect(problemsOf(env)).toEqual([
      'CELERY_BROKER_URL: is not read here: name the Redis of the queues in REDIS_URL',
      expect.stringMatching(
        /^CELERY_TASK_SERIALIZER: is not read here: no Celery runs here; REDIS_URL .* WORKER_QUEUES/,
      ),
    ]);
    expect(problemsOf({ CELERY_WORKER_CONCURRENCY: '4' })).toEqual([expect.stringContaining('WORKER_QUEUES')]);
  });

  test('an empty value is the same as none', () => {
    expect(readConfig({ DATABASE_URL: '', PORT: '' }, 'all')).not.toHaveProperty('DATABASE_URL');
  });

  test('the prefix of the roles is what Postgres takes for a name without quotes, and does not pretend to be its own', () => {
    expect(readConfig({}, 'all').DB_ROLE_PREFIX).toBe('plearoll');
    expect(readConfig({ DB_ROLE_PREFIX: 'moot_2' }, 'all').DB_ROLE_PREFIX).toBe('moot_2');
    for (const wrong of ['Moot', '2moot', 'moot-2', 'moot;', 'm'.repeat(42), 'pg', 'pg_moot']) {
      expect(problemsOf({ DB_ROLE_PREFIX: wrong }), wrong).toEqual([
        expect.stringContaining('DB_ROLE_PREFIX: must be'),
      ]);
    }
  });

  test('every problem is named at once', () => {
    const problems = problemsOf({
      PORT: 'many',
      DATABASE_URL: 'mysql://x',
      WS_MAX_QUEUE: '-1',
      TRUSTED_PROXIES: '10.0.0.1',
      JWT_PUBLIC_KEY: 'no key',
      WS_OVERFLOW_ACTION: 'panic',
      FEATURE_MOOT_OPERATIONS: 'maybe',
    });
    for (const name of [
      'PORT',
      'DATABASE_URL',
      'WS_MAX_QUEUE',
      'TRUSTED_PROXIES',
      'JWT_PUBLIC_KEY',
      'WS_OVERFLOW_ACTION',
      'FEATURE_MOOT_OPERATIONS',
    ]) {
      expect(problems.join('\n')).toContain(name);
    }
  });

  test('Redis without Postgres is an error, separate processes need both', () => {
    expect(problemsOf({ REDIS_URL: REDIS }).join()).toContain('DATABASE_URL');
    expect(problemsOf({ DATABASE_URL: POSTGRES })).toEqual([]);
    expect(problemsOf({ DATABASE_URL: POSTGRES, JWT_SECRET: LONG }, 'separate').join()).toContain('REDIS_URL');
    expect(problemsOf({ DATABASE_URL: POSTGRES, REDIS_URL: REDIS }, 'separate').join()).toContain('JWT_SECRET');
    expect(problemsOf({ DATABASE_URL: POSTGRES, REDIS_URL: REDIS, JWT_SECRET: LONG }, 'separate')).toEqual([]);
  });

  test('a file of authorities and a password of Sentinels are refused where they would do nothing', () => {
    const both = { DATABASE_URL: POSTGRES, REDIS_URL: REDIS };
    const SENTINEL = 'redis+sentinel://localhost/court';
    expect(problemsOf({ ...both, REDIS_SENTINEL_PASSWORD: 'x' })).toEqual([expect.stringContaining('redis+sentinel:')]);
    expect(problemsOf({ ...both, REDIS_URL: SENTINEL, REDIS_SENTINEL_PASSWORD: 'x' })).toEqual([]);
    expect(problemsOf({ ...both, REDIS_CACHE_URL: SENTINEL, REDIS_SENTINEL_PASSWORD: 'x' })).toEqual([]);
    for (const file of ['/nowhere/ca.pem', import.meta.filename]) {
      const [problem] = problemsOf({ ...both, REDIS_URL: 'rediss://localhost', REDIS_CA_FILE: file });
      expect(problem).toContain('REDIS_CA_FILE: must be a file of certificates in PEM form');
    }
    const ca = join(tmpdir(), `plearoll-${randomUUID()}.pem`);
    writeFileSync(ca, rootCertificates[0]!);
    onTestFinished(() => rmSync(ca));
    expect(problemsOf({ ...both, REDIS_CA_FILE: ca })).toEqual([
      expect.stringContaining('REDIS_CA_FILE: is of no use'),
    ]);
    expect(problemsOf({ ...both, REDIS_URL: 'rediss://localhost', REDIS_CA_FILE: ca })).toEqual([]);
  });

  test('the URL of Redis is made of its parts where it is not set', () => {
    const urlOf = (parts: Record<string, string>) => readConfig({ DATABASE_URL: POSTGRES, ...parts }, 'all').REDIS_URL;
    expect(urlOf({ REDIS_HOST: 'cache' })).toBe('redis://cache:6379/0');
    expect(urlOf({ REDIS_HOST: '::1', REDIS_PORT: '7000', REDIS_DB: '3' })).toBe('redis://[::1]:7000/3');
    expect(urlOf({ REDIS_HOST: 'cache', REDIS_PASSWORD: 'a@b/c' })).toBe('redis://:a%40b%2Fc@cache:6379/0');
    expect(urlOf({ REDIS_HOST: 'cache', REDIS_PORT: 'x', REDIS_URL: REDIS })).toBe(REDIS);
    // Kubernetes sets it wherever a Service is called redis.
    expect(urlOf({ REDIS_PORT: 'tcp://10.0.0.1:6379' })).toBe(undefined);
    const wrong = { REDIS_HOST: 'redis://cache', REDIS_PORT: 'tcp://10.0.0.1:6379', REDIS_DB: 'court' };
    expect(problemsOf({ DATABASE_URL: POSTGRES, ...wrong })).toEqual([
      expect.stringContaining('REDIS_HOST: must be'),
      expect.stringContaining('REDIS_PORT: must be'),
      expect.stringContaining('REDIS_DB: must be'),
    ]);
    expect(problemsOf({ REDIS_HOST: 'cache' }).join()).toContain('DATABASE_URL: is needed');
  });

  test.each([
    ['redis://cache', false],
    ['redis://127.evil.example', false],
    ['rediss://cache:6380', false],
    ['redis+cluster://localhost,cache', false],
    ['redis+sentinel://10.0.0.1/court', false],
    ['redis://:word@cache', true],
    ['redis+cluster://:word@one,two', true],
    ['redis+sentinel://:word@one/court', true],
    ['redis://localhost:6379', true],
    ['redis://127.0.0.1', true],
    ['redis://[::1]:6379', true],
    ['redis+cluster://[::1],127.0.0.1:7001', true],
  ])('production on %s: %s', (url, isTaken) => {
    const both = { DATABASE_URL: POSTGRES, JWT_SECRET: LONG, REDIS_URL: url };
    expect(problemsOf({ ...both, NODE_ENV: 'production' }, 'separate')).toEqual(
      isTaken ? [] : [expect.stringContaining('REDIS_URL: names a Redis on another machine without a password')],
    );
    expect(problemsOf(both, 'separate')).toEqual([]);
    const cache = { ...both, REDIS_URL: REDIS, REDIS_CACHE_URL: url, NODE_ENV: 'production' };
    expect(problemsOf(cache, 'separate').length).toBe(isTaken ? 0 : 1);
  });

  test('a URL of Redis is refused with what is wrong about it', () => {
    const problems = problemsOf({
      DATABASE_URL: POSTGRES,
      REDIS_URL: 'redis://a,b',
      REDIS_CACHE_URL: 'redis+cluster://a/2',
    });
    expect(problems).toEqual([
      expect.stringMatching(/^REDIS_URL: names several hosts: write redis\+cluster/),
      expect.stringMatching(/^REDIS_CACHE_URL: leads to a Cluster, which has no numbered databases/),
    ]);
  });

  test.each([
    ['none', {}],
    ['a short one', { JWT_SECRET: 'short' }],
    ['a well-known default', { JWT_SECRET: 'secret'.repeat(8) }],
    ['a well-known default with decoration', { JWT_SECRET: 'change-me-change-me-change-me-change-me' }],
    ['one letter over and over', { JWT_SECRET: 'a'.repeat(64) }],
    ['digits in a row', { JWT_SECRET: '12345678901234567890123456789012' }],
    ['digits backwards', { JWT_SECRET: '98765432109876543210987654321098' }],
    ['the alphabet', { JWT_SECRET: 'abcdefghijklmnopqrstuvwxyz0123456789' }],
    ['a default with a plea and a tail', { JWT_SECRET: 'change-me-please-change-me-please-12' }],
    ['a password with a tail', { JWT_SECRET: 'passwordpasswordpasswordpassword1234' }],
    ['a short secret over and over', { JWT_SECRET: 'Tr0ub4dor&3'.repeat(4) }],
  ])('production refuses %s as its secret (P0-3)', (_, env) => {
    expect(problemsOf({ NODE_ENV: 'production', ...env }).join()).toContain('JWT_SECRET');
  });

  test.each([
    ['none', {}],
    ['a short one', { SERVER_SECRET: 'short' }],
    ['a known one', { SERVER_SECRET: 'changeme-changeme-changeme-changeme-changeme' }],
  ])('production refuses %s as the secret that keys visitors, where they are keyed', (_, env) => {
    const asked = { NODE_ENV: 'production', JWT_SECRET: LONG, ...env };
    expect(() => readConfig(asked, 'all', true, true)).toThrow('SERVER_SECRET');
    expect(() => readConfig(asked, 'all', true)).not.toThrow();
    expect(() => readConfig({ ...asked, SERVER_SECRET: LONG }, 'all', true, true)).not.toThrow();
    expect(() => readConfig({ ...asked, NODE_ENV: 'development' }, 'all', true, true)).not.toThrow();
  });

  test('production takes what a machine drew by lot', () => {
    for (let i = 0; i < 500; i += 1) {
      const drawn = randomBytes(32);
      for (const encoding of ['base64', 'base64url', 'hex'] as const) {
        expect(problemsOf({ NODE_ENV: 'production', JWT_SECRET: drawn.toString(encoding) })).toEqual([]);
      }
    }
  });

  test('production takes a good secret, or a public key', () => {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
    expect(problemsOf({ NODE_ENV: 'production', JWT_SECRET: LONG })).toEqual([]);
    expect(problemsOf({ NODE_ENV: 'production', JWT_PUBLIC_KEY: pem })).toEqual([]);
    expect(problemsOf({ NODE_ENV: 'production', JWT_PUBLIC_KEY: pem.replaceAll('\n', '\\n') })).toEqual([]);
  });

  test('headers of addresses are names, and none that says more than an address', () => {
    expect(readConfig({}, 'all').REAL_ADDRESS_HEADER).toEqual(['x-forwarded-for']);
    const config = readConfig({ REAL_ADDRESS_HEADER: 'CF-Connecting-IP, x-real-ip' }, 'all');
    expect(config.REAL_ADDRESS_HEADER).toEqual(['cf-connecting-ip', 'x-real-ip']);
    for (const wrong of ['Forwarded', 'x forwarded for', 'a:b']) {
      expect(problemsOf({ REAL_ADDRESS_HEADER: wrong }), wrong).toEqual([
        expect.stringContaining('REAL_ADDRESS_HEADER: must name headers'),
      ]);
    }
  });

  test('witnesses are keys that cosign, each of a name of its own, with an address', () => {
    const draw = (name: string, algorithm: Algorithm = 'cosignature') =>
      vkeyOf(noteKey(name, algorithm, new Uint8Array(32).fill(7)));
    const [one, two] = [`${draw('w1')} https://w1.example/`, `${draw('w2')} http://127.0.0.1:9470`];
    const { WITNESSES } = readConfig({ WITNESSES: `${one}, ${two}` }, 'all');
    expect(WITNESSES.map(({ key, url }) => [key.name, url])).toEqual([
      ['w1', 'https://w1.example'],
      ['w2', 'http://127.0.0.1:9470'],
    ]);
    expect(readConfig({}, 'all').WITNESSES).toEqual([]);
    const many = Array.from({ length: 21 }, (_, i) => `${draw(`w${i}`)} https://w.example`).join();
    for (const wrong of [
      `${one},${one}`,
      draw('w1'),
      `${draw('w', 'ed25519')} https://w.example`,
      `${draw('w')} ftp://w`,
      many,
    ]) {
      expect(problemsOf({ WITNESSES: wrong }), wrong).toEqual([expect.stringContaining('WITNESSES: must be a list')]);
    }
  });

  test('lists are lists', () => {
    const config = readConfig(
      { TRUSTED_PROXIES: '10.0.0.0/8, ::1/128', CORS_ORIGINS: 'https://a.example,https://b.example' },
      'all',
    );
    expect(config.TRUSTED_PROXIES).toEqual(['10.0.0.0/8', '::1/128']);
    expect(config.CORS_ORIGINS).toEqual(['https://a.example', 'https://b.example']);
  });
});

test('production keeps the sockets of feeds closed to those without a token (P0-4)', () => {
  const relaxed = { LV_WS_REQUIRE_AUTH: 'false', JWT_SECRET: LONG, SERVER_SECRET: LONG };
  expect(readConfig({}, 'all').LV_WS_REQUIRE_AUTH).toBe(true);
  expect(readConfig(relaxed, 'all').LV_WS_REQUIRE_AUTH).toBe(false);
  expect(problemsOf({ ...relaxed, NODE_ENV: 'production' }).join()).toContain('LV_WS_REQUIRE_AUTH');
});
