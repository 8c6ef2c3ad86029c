/**
 * A Redis Cluster: an installation stands in one slot of it, works there, and loses nothing with the node that has it. What this needs of a Cluster
 * is shown without processes in redisPlaces.test.ts.
 */
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { readInstallationId, redisPrefix } from '../../src/infra/postgres/installation.ts';
import { amountAt } from '../support/amounts.ts';
import { checkHistory } from '../support/checkHistory.ts';
import { get, must, post } from '../support/client.ts';
import { listenOnWebSocket } from '../support/listener.ts';
import { startLoad } from '../support/load.ts';
import { type Process, until } from '../support/processes.ts';
import type { TestRedis } from '../support/redis.ts';
import { startCluster, type TestCluster } from '../support/redisGroups.ts';
import { openScene, type Scene } from './scene.ts';

const isConnected = async ({ url }: Process) => (await get(url, '/health', null)).body.redis_connected as boolean;

describe.skipIf(inject('redisUrl') === null)('on a Redis Cluster', () => {
  let cluster: TestCluster;
  beforeAll(async () => {
    cluster = await startCluster();
  });
  afterAll(() => cluster.stop());

  test('a journey goes on through the loss of the node that it stands on, and the record verifies', async () => {
    const scene = await openScene({ redisUrl: cluster.url });
    const prefix = redisPrefix(await readInstallationId(scene.database.url, 'worker'));
    const master = await cluster.masterOf(prefix);
    const replica = await cluster.addReplica(master);
    // The limits count in the Cluster as well.
    const limited = { RATE_LIMIT_GENERAL_PER_MINUTE: '1000000' };
    const everybody = await Promise.all([
      scene.startApi(limited),
      scene.startWorker(),
      scene.startRelay({ WS_MAX_CONNECTIONS_PER_USER: '1000' }),
    ]);
    const [api, , relay] = everybody;
    const sessions = await scene.openSessions(api, 2);
    const { petitioner } = scene.people;
    await must(post(api.url, `/api/session/${sessions[0]}/join`, petitioner, { role: 'petitioner' }));
    const listener = await listenOnWebSocket(relay.url, { token: petitioner.token, session_id: sessions[0]! });
    await listener.until(({ type }) => type === 'SYNCED');
    const load = startLoad({ apis: [api.url], people: scene.people, sessions });
    await load.answered(20);
    await expectWork(scene);
    await expectKeysAt(master, prefix);

    const names = await namesAt(master);
    expect(names.length).toBeGreaterThan(15);
    await master.kill();
    await load.answered(20);
    await until('all are at the new master', async () => `${await namesAt(replica)}` === `${names}`);
    for (const one of everybody) await until(`${one.name} has it back`, () => isConnected(one));
    expect(String(await replica.tell('INFO', 'replication'))).toContain('role:master');
    await load.answered(20);
    await expectWork(scene);
    expect(await amountAt('limiter_degraded', [api])).toBe(0);
    const sent = await load.stop();
    const { rows } = await scene.database.pool.query('select max(sequence) as last from events where stream = $1', [
      `session:${sessions[0]}`,
    ]);
    await listener.until(({ event_sequence }) => Number(event_sequence) === Number(rows[0].last));
    listener.close();
    await checkHistory(scene.database, sent);
  });

  async function expectWork(scene: Scene): Promise<void> {
    const doorbells = await scene.openQueue('commands');
    const before = await doorbells.getCompletedCount();
    await until('doorbells are answered', async () => (await doorbells.getCompletedCount()) > before + 5);
  }

  async function expectKeysAt(master: TestRedis, prefix: string): Promise<void> {
    for (const kind of ['bull:commands:', 'ratelimit:', 'presence:leases', 'resume:', 'relay:all', 'probe:']) {
      await until(`${kind} is kept`, async () => (await keysAt(master, `${prefix}${kind}`)).length > 0);
    }
    for (const other of cluster.nodes.slice(0, 3)) {
      if (other !== master) expect(await keysAt(other, '')).toEqual([]);
    }
  }

  /** Of our clients. */
  async function namesAt(node: TestRedis): Promise<string[]> {
    const clients = String(await node.tell('CLIENT', 'LIST'));
    return [...clients.matchAll(/ name=(plearoll\S*)/g)].map(([, name]) => name!).sort();
  }

  async function keysAt(node: TestRedis, beginning: string): Promise<string[]> {
    const keys = (await node.tell('KEYS', '*')) as string[];
    return keys.filter((key) => key.startsWith(beginning));
  }
});
