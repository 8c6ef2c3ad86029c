/** Several Redis servers that belong together: a Cluster, or a master with its replica under the eyes of a Sentinel. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { freePort, onFreePort } from './ports.ts';
import { until } from './processes.ts';
import { clusterOptions, startRedis, type TestRedis } from './redis.ts';

const SLOTS = 16_384;
/** A node that is silent for so long is voted out. */
const NODE_TIMEOUT_MS = 1_000;

export interface TestCluster {
  /** Names all masters. */
  url: string;
  nodes: readonly TestRedis[];
  /** The master of a key's slot, as the first node knows it. */
  masterOf(key: string): Promise<TestRedis>;
  addReplica(master: TestRedis): Promise<TestRedis>;
  stop(): Promise<void>;
}

interface ClusterNode extends TestRedis {
  busPort: number;
}

export async function startCluster(masters = 3): Promise<TestCluster> {
  const nodes = await Promise.all(Array.from({ length: masters }, () => startNode()));
  const share = Math.ceil(SLOTS / masters);
  for (const [i, node] of nodes.entries()) {
    await node.tell('CLUSTER', 'SET-CONFIG-EPOCH', i + 1);
    await node.tell('CLUSTER', 'ADDSLOTSRANGE', i * share, Math.min(SLOTS, (i + 1) * share) - 1);
  }
  for (const node of nodes.slice(1)) await meet(node, nodes[0]!);
  await untilWhole(nodes);

  async function masterOf(key: string): Promise<TestRedis> {
    const slot = Number(await nodes[0]!.tell('CLUSTER', 'KEYSLOT', key));
    const ranges = (await nodes[0]!.tell('CLUSTER', 'SLOTS')) as [number, number, [string, number]][];
    const [, , [, port]] = ranges.find(([from, to]) => from <= slot && slot <= to)!;
    return nodes.find((node) => node.port === port)!;
  }

  async function addReplica(master: TestRedis): Promise<TestRedis> {
    const replica = await startNode();
    nodes.push(replica);
    await meet(replica, nodes[0]!);
    await untilWhole(nodes);
    await replica.tell('CLUSTER', 'REPLICATE', String(await master.tell('CLUSTER', 'MYID')));
    await untilFollowing(replica);
    for (const node of nodes) {
      await until(`node ${node.port} knows the replica`, async () =>
        JSON.stringify(await node.tell('CLUSTER', 'SLOTS')).includes(`,${replica.port},`),
      );
    }
    return replica;
  }

  return {
    url: `redis+cluster://${nodes.map(({ port }) => `127.0.0.1:${port}`).join(',')}`,
    nodes,
    masterOf,
    addReplica,
    stop: async () => void (await Promise.all(nodes.map((node) => node.stop()))),
  };
}

/** It needs two ports. */
function startNode(): Promise<ClusterNode> {
  const times = ['--cluster-node-timeout', `${NODE_TIMEOUT_MS}`];
  return onFreePort(async (busPort) => {
    const node = await startRedis([...clusterOptions(), '--cluster-port', `${busPort}`, ...times]);
    return { ...node, busPort };
  }, 2);
}

async function meet(node: TestRedis, other: ClusterNode): Promise<void> {
  await node.tell('CLUSTER', 'MEET', '127.0.0.1', other.port, other.busPort);
}

/** Every node knows all others, and all slots. */
async function untilWhole(nodes: readonly TestRedis[]): Promise<void> {
  for (const node of nodes) {
    await until(`node ${node.port} knows the whole Cluster`, async () => {
      const info = String(await node.tell('CLUSTER', 'INFO'));
      return info.includes('cluster_state:ok') && info.includes(`cluster_known_nodes:${nodes.length}\r`);
    });
  }
}

async function untilFollowing(replica: TestRedis): Promise<void> {
  await until('the replica follows', async () =>
    String(await replica.tell('INFO', 'replication')).includes('link_status:up'),
  );
}

export interface Watched {
  master: TestRedis;
  replica: TestRedis;
  /** Of the Sentinel. */
  port: number;
  stop(): Promise<void>;
}

/** @param name of the master, as the Sentinel calls it @param password of the Sentinel */
export async function startWatched(name: string, password: string): Promise<Watched> {
  const [master, replica, port] = await Promise.all([startRedis(), startRedis(), freePort()]);
  await replica.demote(master);
  await untilFollowing(replica);
  const folder = mkdtempSync(join(tmpdir(), 'plearoll-sentinel-'));
  const file = join(folder, 'sentinel.conf');
  writeFileSync(
    file,
    `port ${port}\nbind 127.0.0.1\ndir ${folder}\nrequirepass ${password}\n` +
      `sentinel monitor ${name} 127.0.0.1 ${master.port} 1\n` +
      `sentinel down-after-milliseconds ${name} 500\nsentinel failover-timeout ${name} 3000\n`,
  );
  const sentinel = spawn('redis-server', [file, '--sentinel'], { stdio: 'ignore' });
  const end = () => sentinel.kill('SIGKILL');
  process.once('exit', end);
  await until('the Sentinel knows the replica', async () => {
    const client = new Redis({ port, password, lazyConnect: true, retryStrategy: () => null });
    client.on('error', () => {});
    const told = await client.connect().then(
      () => client.call('SENTINEL', 'MASTER', name) as Promise<string[]>,
      (): string[] => [],
    );
    client.disconnect();
    return told[told.indexOf('num-slaves') + 1] === '1';
  });
  const stop = async () => {
    const gone = once(sentinel, 'exit');
    end();
    await Promise.all([gone, master.stop(), replica.stop()]);
    process.off('exit', end);
    rmSync(folder, { recursive: true, force: true });
  };
  return { master, replica, port, stop };
}
