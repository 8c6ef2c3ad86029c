/**
 * What a Redis Cluster goes through: the node with our slot is lost, another one is, one is lost that has no replica, and
 * our slot moves to another node. `--cluster` plays these alone, on three masters with a replica each.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { readInstallation, redisPrefix } from '../src/infra/postgres/installation.ts';
import { until } from '../test/support/processes.ts';
import type { TestRedis } from '../test/support/redis.ts';
import type { Blow, Fault } from './blow.ts';
import { isMastered, isWhole, type NodeLine, readNodes } from './clusterNodes.ts';
import type { Stage } from './stage.ts';

/** What a Cluster of six needs to agree on a new master, and much more. */
const AGREED_WITHIN_MS = 60_000;
const AT_ONCE = 20;

const now = () => performance.now();

interface Ground {
  nodes: readonly TestRedis[];
  /** Has our slot. */
  own: TestRedis;
  /** Other masters. */
  others: TestRedis[];
  slot: number;
  lines: NodeLine[];
}

async function look({ arena }: Stage): Promise<Ground> {
  const { nodes } = arena.cluster!;
  const prefix = redisPrefix((await readInstallation(arena.pool)).id);
  const slot = Number(await nodes[0]!.tell('CLUSTER', 'KEYSLOT', prefix));
  const lines = await linesOf(nodes[0]!);
  const at = (line: NodeLine) => nodes.find(({ port }) => port === line.port)!;
  const masters = lines.filter(({ slots }) => slots.length > 0);
  const own = masters.find(({ slots }) => slots.some(([from, to]) => from <= slot && slot <= to))!;
  return { nodes, own: at(own), others: masters.filter((line) => line !== own).map(at), slot, lines };
}

async function linesOf(node: TestRedis): Promise<NodeLine[]> {
  return readNodes(String(await node.tell('CLUSTER', 'NODES')));
}

/** Every node finds the Cluster whole, and every master has a replica again. */
async function untilWhole(nodes: readonly TestRedis[]): Promise<void> {
  for (const node of nodes)
    await until(
      `node ${node.port} finds the Cluster whole`,
      async () => isWhole(await linesOf(node).catch(() => []), nodes.length),
      AGREED_WITHIN_MS,
    );
}

/** Killed, and back empty when it is over: it follows whichever took its place. */
async function lose(ground: Ground, lost: TestRedis): Promise<Blow> {
  const { nodes } = ground;
  await lost.kill();
  const struck_ms = now();
  const left = nodes.filter((node) => node !== lost);
  return {
    struck_ms,
    async mend() {
      for (const node of left)
        await until(
          `node ${node.port} knows a new master`,
          async () => isMastered(await linesOf(node)),
          AGREED_WITHIN_MS,
        );
      await lost.restart();
      await untilWhole(nodes);
    },
  };
}

const ownNode: Fault = {
  id: 'C1',
  what: 'the node that has our keys is killed, and its replica takes its place',
  async strike(stage, dice) {
    const ground = await look(stage);
    await sleep(dice.between(0, 300));
    return lose(ground, ground.own);
  },
};

const otherNode: Fault = {
  id: 'C2',
  what: 'a node that has none of our keys is killed: the Cluster is down until its replica takes its place',
  async strike(stage, dice) {
    const ground = await look(stage);
    return lose(ground, dice.oneOf(ground.others));
  },
};

const aloneNode: Fault = {
  id: 'C3',
  what: 'the node that has our keys is killed and has no replica: it is away for up to 5 s and back empty',
  async strike(stage, dice) {
    const { nodes, own, lines } = await look(stage);
    const { id } = lines.find(({ port }) => port === own.port)!;
    const followers = lines
      .filter(({ follows }) => follows === id)
      .map(({ port }) => nodes.find((one) => one.port === port)!);
    for (const one of followers) await one.kill();
    await own.kill();
    const struck_ms = now();
    const back = sleep(dice.between(1_500, 5_000)).then(() => own.restart());
    const mend = async () => {
      await back;
      for (const one of followers) await one.restart();
      await untilWhole(nodes);
    };
    return { struck_ms, mend };
  },
};

const slotMoved: Fault = {
  id: 'C4',
  what: 'our slot moves to another node while it is used (ASK, TRYAGAIN, MOVED)',
  async strike(stage, dice) {
    const ground = await look(stage);
    const to = dice.oneOf(ground.others);
    const struck_ms = now();
    await moveSlot(ground, to);
    return { struck_ms, look: () => keysLeft(ground) };
  },
};

/** As `redis-cli --cluster reshard` does it. */
async function moveSlot({ own, slot, lines, nodes }: Ground, to: TestRedis): Promise<void> {
  const idOf = (node: TestRedis) => lines.find(({ port }) => port === node.port)!.id;
  await to.tell('CLUSTER', 'SETSLOT', slot, 'IMPORTING', idOf(own));
  await own.tell('CLUSTER', 'SETSLOT', slot, 'MIGRATING', idOf(to));
  for (;;) {
    const keys = (await own.tell('CLUSTER', 'GETKEYSINSLOT', slot, AT_ONCE)) as string[];
    if (keys.length === 0) break;
    await own.tell('MIGRATE', '127.0.0.1', to.port, '', 0, 5_000, 'REPLACE', 'KEYS', ...keys);
  }
  const masters = nodes.filter(({ port }) => lines.some((line) => line.port === port && line.slots.length > 0));
  // The one that takes it first: none may say that nobody has it.
  for (const node of [to, own, ...masters.filter((one) => one !== to && one !== own)])
    await node.tell('CLUSTER', 'SETSLOT', slot, 'NODE', idOf(to));
}

async function keysLeft({ own, slot }: Ground): Promise<string[]> {
  const left = Number(await own.tell('CLUSTER', 'COUNTKEYSINSLOT', slot));
  return left === 0 ? [] : [`${left} keys of our slot stand where it is no more`];
}

export const CLUSTER_FAULTS: Fault[] = [ownNode, otherNode, aloneNode, slotMoved];
