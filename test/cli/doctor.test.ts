/** What `plearoll doctor` says of an installation, and `plearoll token` of whose token it is. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { checkClock, checkNode, connectionsLine, durabilityLine } from '../../src/cli/checkups.ts';
import { doctor } from '../../src/cli/doctor.ts';
import { token } from '../../src/cli/token.ts';
import { cloneDatabase, type TestDatabase } from '../support/database.ts';
import { startRedis } from '../support/redis.ts';
import { SECRET } from '../support/secret.ts';
import { openTerminal } from '../support/terminal.ts';

const PUBLIC_KEY =
  '-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----';
const INSTITUTION = '018f3c1e-7b2a-7c11-9d0e-2f4b6a8c0e99';

let database: TestDatabase;
let home: string;
beforeAll(async () => {
  database = await cloneDatabase();
});
afterAll(() => database.drop());
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'plearoll-cli-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

async function examine(env: Record<string, string>): Promise<{ code: number; said: string }> {
  const terminal = openTerminal({ PLEAROLL_HOME: home, JWT_SECRET: SECRET, ...env });
  return { code: await doctor.run([], terminal), said: terminal.said() };
}

describe('doctor', () => {
  test('finds nothing wrong with a migrated database and folders that it may write to', async () => {
    const { code, said } = await examine({ DATABASE_URL: database.url });
    expect([code, said]).toEqual([0, expect.not.stringContaining('wrong')]);
    for (const subject of ['Node', 'settings', 'home', 'files', 'Postgres', 'clocks', 'schema', 'roles']) {
      expect(said).toMatch(new RegExp(`^right  ${subject} +\\S`, 'm'));
    }
    expect(said).toMatch(/^note +processes +none runs$/m);
    expect(said).toMatch(/^note +durability +fsync = off, full_page_writes = off: /m);
    expect(said).toMatch(/^right +connections +\d+ open of \d+; what runs may open 0$/m);
  });

  test('says of a home that no server has run in what will make it, and changes nothing', async () => {
    const { code, said } = await examine({ JWT_SECRET: '' });
    expect([code, said]).toEqual([0, expect.stringMatching(/^note +Postgres +made by the first/m)]);
    expect(existsSync(join(home, 'jwt-secret'))).toBe(false);
  });

  test('names every bad setting', async () => {
    const { code, said } = await examine({ PORT: 'x', DATABASE_URL: 'nonsense' });
    expect(code).toBe(1);
    expect(said).toMatch(/^wrong +settings +PORT: /m);
    expect(said).toMatch(/^wrong +settings +DATABASE_URL: /m);
  });

  test.each<[string, (url: string) => Record<string, string>, RegExp]>([
    [
      'a database that is not migrated',
      (url) => ({ DATABASE_URL: Object.assign(new URL(url), { pathname: '/postgres' }).href }),
      /^wrong +schema .*npm run migrate/m,
    ],
    [
      'a Postgres that is away',
      () => ({ DATABASE_URL: 'postgres://me:secret@127.0.0.1:1/x' }),
      /^wrong +Postgres +127\.0\.0\.1:1\/x: .*ECONNREFUSED/m,
    ],
    [
      'another prefix of roles',
      (url) => ({ DATABASE_URL: url, DB_ROLE_PREFIX: 'other' }),
      /^wrong +schema .*DB_ROLE_PREFIX=plearoll/m,
    ],
    [
      'a Redis that is away',
      (url) => ({ DATABASE_URL: url, REDIS_URL: 'redis://:secret@127.0.0.1:1' }),
      /^wrong +Redis +127\.0\.0\.1:1: .*ECONNREFUSED/m,
    ],
    [
      'a home that would be in a file',
      (url) => ({ DATABASE_URL: url, PLEAROLL_HOME: join(import.meta.filename, 'home') }),
      /^wrong +home .*PLEAROLL_HOME/m,
    ],
  ])('says of %s what to do, and no password', async (_, change, line) => {
    const { code, said } = await examine(change(database.url));
    expect([code, said]).toEqual([1, expect.stringMatching(line)]);
    expect(said).not.toContain('secret@');
  });

  test.skipIf(inject('redisUrl') === null)('refuses a queue that evicts, and not a cache', async () => {
    const redis = await startRedis();
    try {
      await redis.tell('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru');
      const env = { DATABASE_URL: database.url };
      const evicting = await examine({ ...env, REDIS_URL: redis.url });
      expect([evicting.code, evicting.said]).toEqual([1, expect.stringMatching(/^wrong +Redis .*noeviction/m)]);
      const cache = await examine({ ...env, REDIS_URL: inject('redisUrl')!, REDIS_CACHE_URL: redis.url });
      expect([cache.code, cache.said]).toEqual([0, expect.stringMatching(/^right +cache +\d/m)]);
    } finally {
      await redis.stop();
    }
  });

  test('calls a Postgres that does not wait for its disk wrong in production, and a note elsewhere', () => {
    const found = { synchronous_standby_names: '', fsync: 'on', full_page_writes: 'on' };
    const verdictOf = (synchronous_commit: string, isProduction: boolean) =>
      durabilityLine({ ...found, synchronous_commit }, isProduction).verdict;
    expect([verdictOf('on', true), verdictOf('off', true), verdictOf('off', false)]).toEqual([
      'right',
      'wrong',
      'note',
    ]);
  });

  test('calls a Postgres wrong that has no room for the connections of what runs', () => {
    const two = { api: 2, worker: 2, relay: 2, scheduler: 2, signer: 1 };
    const line = (allowed: number) => connectionsLine({ allowed, open: 40 }, two);
    expect(line(121)).toMatchObject({ verdict: 'right', text: '40 open of 121; what runs may open 119' });
    expect(line(97)).toMatchObject({ verdict: 'wrong', text: expect.stringContaining('max_connections') });
  });

  test('calls a clock that is seconds away wrong, and an old Node', async () => {
    const clock = (apart_ms: number) => ({ query: async () => ({ rows: [{ now: Date.now() + apart_ms }] }) });
    expect(await checkClock(clock(500) as never)).toMatchObject({ verdict: 'right' });
    const late = await checkClock(clock(-5_000) as never);
    expect(late).toMatchObject({ verdict: 'wrong', text: expect.stringContaining('NTP') });
    expect(['20.18.9', '20.19.0', '26.0.0'].map((version) => checkNode(version).verdict)).toEqual([
      'wrong',
      'right',
      'right',
    ]);
  });
});

test('a token says for which installation it is signed, and warns where no server has run', async () => {
  const sign = async (env: Record<string, string> = {}) => {
    const terminal = openTerminal({ PLEAROLL_HOME: home, ...env });
    expect(await token.run(['--role', 'judge', '--institution', INSTITUTION], terminal)).toBe(0);
    expect(terminal.said()).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/);
    return terminal.complained();
  };
  const signed = `signed for the installation in ${home}\n`;
  const before = await sign();
  expect(before.slice(0, signed.length)).toBe(signed);
  expect(before).toContain('warning: no server has run there yet');
  writeFileSync(join(home, 'postgres-password'), 'of the first start');
  expect(await sign()).toBe(signed);
  expect(await sign({ JWT_SECRET: SECRET })).toBe('signed with JWT_SECRET\n');
  expect(await sign({ JWT_PUBLIC_KEY: PUBLIC_KEY })).toContain('warning: JWT_PUBLIC_KEY is set');
});
