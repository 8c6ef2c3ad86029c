/** A Redis that is reached by another way than one address: in a Cluster, found by Sentinels, or over TLS with a private authority. */
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { describe, expect, inject, onTestFinished, test } from 'vitest';
import { doctor } from '../../src/cli/doctor.ts';
import { createRedisWindows } from '../../src/infra/limiter/redis.ts';
import { redisPrefix } from '../../src/infra/postgres/installation.ts';
import { openQueues } from '../../src/infra/queue/queue.ts';
import { openRedis, type RedisServer } from '../../src/infra/redis/redis.ts';
import type { RedisAccess } from '../../src/infra/redis/redisLink.ts';
import { createLog } from '../../src/infra/telemetry/log.ts';
import { makeCertificates } from '../support/certificates.ts';
import { isEverything } from '../support/everything.ts';
import { freePort } from '../support/ports.ts';
import { until } from '../support/processes.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { startCluster, startWatched } from '../support/redisGroups.ts';
import { SECRET } from '../support/secret.ts';
import { openTerminal } from '../support/terminal.ts';

const INSTALLATION = '018f3c1e-7b2a-7c11-9d0e-2f4b6a8c0e99';
const log = createLog('silent', 'test');

function open(url: string, access: Partial<RedisAccess> = {}): RedisServer {
  const known = { ca: undefined, sentinelPassword: undefined, ...access };
  const redis = openRedis({ url, access: known, process: 'test', prefix: redisPrefix(INSTALLATION), log });
  onTestFinished(() => redis.close());
  return redis;
}

/** What the doctor says of Redis; nothing is asked of Postgres, which is not there. */
async function examine(env: Record<string, string>): Promise<string> {
  const home = { PLEAROLL_HOME: tmpdir(), DATABASE_URL: 'postgres://127.0.0.1:1/none', JWT_SECRET: SECRET };
  const terminal = openTerminal({ ...home, ...env });
  await doctor.run([], terminal);
  return terminal.said();
}

/** A doorbell is answered, and one after the master is lost is answered by its replica; so are the limits, by their scripts. */
async function expectGoesOn(redis: RedisServer, master: TestRedis, replica: TestRedis): Promise<void> {
  const openPool = () => {
    throw new Error('there is no Postgres here');
  };
  const queues = openQueues({ openPool, redis, installation: INSTALLATION, onError: () => {}, log });
  const windows = createRedisWindows(redis, redisPrefix(INSTALLATION));
  const done: number[] = [];
  const worker = queues.worker<{ n: number }, void>('commands', async ({ data: { n } }) => void done.push(n), {});
  onTestFinished(async () => {
    await worker.close(true);
    await queues.close();
    windows.close();
  });
  await queues.run([worker]);
  const isDone = async (work: Promise<unknown>) => work.then(...[() => true, () => false]);
  const expectWork = async (n: number) => {
    await until(`${n} is rung`, () => isDone(queues.queue('commands').add('ring', { n })));
    await until(`${n} is done`, () => done.includes(n));
    const tries = [{ key: 'one', limit: 1_000, window_ms: 60_000 }].concat({
      key: 'two',
      limit: 1_000,
      window_ms: 60_000,
    });
    await until(`${n} is counted`, () => isDone(windows.take(tries)));
  };
  await expectWork(1);
  await master.kill();
  await until('it is found again', async () => redis.isConnected() && (await roleOf(replica)) === 'master');
  await expectWork(2);
}

async function roleOf(redis: TestRedis): Promise<string | undefined> {
  return /^role:(\w+)/m.exec(String(await redis.tell('INFO', 'replication')))?.[1];
}

describe.skipIf(inject('redisUrl') === null)('a Redis Cluster of three', () => {
  test.runIf(isEverything)(
    'keeps an installation in one slot, and after the loss of its master the queue and the limits go on',
    async () => {
      const cluster = await startCluster();
      onTestFinished(cluster.stop);
      const master = await cluster.masterOf(redisPrefix(INSTALLATION));
      const replica = await cluster.addReplica(master);
      const redis = open(cluster.url);
      await redis.demandFit();
      await until('it is there', redis.isConnected);
      await expectGoesOn(redis, master, replica);
      expect(await examine({ REDIS_URL: cluster.url })).toMatch(/^note +Redis +\S+ has no replica/m);
    },
  );

  test.runIf(isEverything)('is examined node by node', async () => {
    const { url, nodes, stop, addReplica } = await startCluster();
    onTestFinished(stop);
    await addReplica(nodes[0]!);
    const said = await examine({ REDIS_URL: url });
    expect(said).toMatch(/^right +Redis +\S+, a Cluster of 4 nodes at 127\.0\.0\.1/m);
    expect(said.match(/^note +Redis +\S+ has no replica/gm)).toHaveLength(2);
    for (const evicting of [nodes[1]!, nodes[3]!]) {
      await evicting.tell('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru');
      const line = new RegExp(`^wrong +Redis +Redis 127.0.0.1:${evicting.port} evicts`, 'm');
      expect(await examine({ REDIS_URL: url })).toMatch(line);
      await evicting.tell('CONFIG', 'SET', 'maxmemory-policy', 'noeviction');
    }
  });
});

describe.skipIf(inject('redisUrl') === null)('a Redis behind Sentinels', () => {
  test('is found by the name of its master, and again after a failover, and the queue goes on', async () => {
    const watched = await startWatched('court', 'watchword');
    onTestFinished(watched.stop);
    const url = `redis+sentinel://127.0.0.1:${watched.port}/court`;
    const redis = open(url, { sentinelPassword: 'watchword' });
    await redis.demandFit();
    await until('it is there', redis.isConnected);
    await expectGoesOn(redis, watched.master, watched.replica);
    const said = await examine({ REDIS_URL: url, REDIS_SENTINEL_PASSWORD: 'watchword' });
    expect(said).toMatch(
      new RegExp(`^right +Redis +\\S+ at 127.0.0.1:${watched.replica.port}, found by Sentinels`, 'm'),
    );
  });

  test('is told from what is none, at the start and by the doctor', async () => {
    const redis = await startRedis();
    onTestFinished(redis.stop);
    const plain = `127.0.0.1:${redis.port}`;
    const sentences = [
      [`redis+sentinel://${plain}/court`, `Redis ${plain}/court is no Sentinel: name the Sentinels, or write redis://`],
      [`redis+cluster://${plain}`, `Redis ${plain} is no Cluster: write redis:// or rediss:// in its URL`],
    ] as const;
    for (const [url, sentence] of sentences) {
      const wrong = open(url);
      await until(`${url} is refused`, () => wrong.demandFit().then(...[() => false, () => true]));
      await expect(wrong.demandFit()).rejects.toThrow(sentence);
      expect([wrong.isConnected(), wrong.isFit()]).toEqual([false, false]);
      expect(await examine({ REDIS_URL: url })).toContain(sentence);
    }
  });
});

describe.skipIf(inject('redisUrl') === null)('a Redis over TLS', () => {
  async function startEncrypted() {
    const { ca, certificate, key } = makeCertificates();
    const port = await freePort();
    const files = ['--tls-cert-file', certificate, '--tls-key-file', key, '--tls-ca-cert-file', ca];
    const redis = await startRedis(['--tls-port', `${port}`, ...files, '--tls-auth-clients', 'no']);
    onTestFinished(redis.stop);
    return { ca, port };
  }

  test('is trusted where its private authority is named, by its address and by its name, and not otherwise', async () => {
    const { ca, port } = await startEncrypted();
    for (const host of ['127.0.0.1', 'localhost']) {
      const trusted = open(`rediss://${host}:${port}`, { ca: readFileSync(ca, 'utf8') });
      await until(`${host} is trusted`, trusted.isConnected);
    }
    const stranger = open(`rediss://127.0.0.1:${port}`);
    await expect(stranger.ask(() => stranger.open('question').ping())).rejects.toThrow();
    expect(stranger.isConnected()).toBe(false);
  });

  test('is examined by the doctor with the file of its authority', async () => {
    const { ca, port } = await startEncrypted();
    const url = `rediss://127.0.0.1:${port}`;
    expect(await examine({ REDIS_URL: url, REDIS_CA_FILE: ca })).toMatch(/^right +Redis +\S+ at 127\.0\.0\.1/m);
    expect(await examine({ REDIS_URL: url })).toMatch(/^wrong +Redis .*certificate/m);
  });
});
