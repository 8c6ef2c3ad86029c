/** Boards of one contestant: each change of a match from the poll's answer to all boards that follow it. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { createRedisBroadcast } from '../../src/infra/broadcast/redis.ts';
import { createMatchFanout } from '../../src/infra/feeds/matchFanout.ts';
import { createRedisMatches } from '../../src/infra/feeds/redisMatches.ts';
import { readInstallationId, redisPrefix } from '../../src/infra/postgres/installation.ts';
import { openRedis } from '../../src/infra/redis/redis.ts';
import { createLog } from '../../src/infra/telemetry/log.ts';
import { createMetrics } from '../../src/infra/telemetry/metrics.ts';
import { signToken } from '../../src/infra/tokens.ts';
import type { Grounds } from '../grounds.ts';
import { forkOf, messageOf } from '../relay/children.ts';
import { percentile } from '../report.ts';
import { SECRET, startProcesses } from '../servers.ts';
import { readUsage } from '../usage.ts';
import type { BoardsMessage, BoardsOrder } from './audience.ts';
import { openMatches, type PolledMatches } from './matches.ts';

export const CONTESTANTS = ['ours', 'loop'] as const;
export type Contestant = (typeof CONTESTANTS)[number];

export interface Plan {
  matches: number;
  connections: number;
  /** Matches of each connection. */
  each: number;
  per_second: number;
  seconds: number;
}

export interface Result {
  contestant: Contestant;
  changes: number;
  /** Of what the boards were to see. */
  seen_percent: number;
  /** Of connections, subscriptions and changes. */
  error_percent: number;
  p50_ms: number;
  p95_ms: number;
  p99_ms: number;
  /** Of the process that fans out, for each change of each board. */
  cpu_us: number;
}

const PROCESSES = { ours: ['../src/processes/relay.js'], loop: ['feeds/loop.js'] };
const TICK_MS = 100;
const WARM_SECONDS = 2;
/** The loop has polled again by then. */
const QUIET_MS = 2_500;
const TOKEN_SECONDS = 3_600;

export const boardsOf = ({ connections, each }: Plan) => connections * each;
/** All processes of a machine read one clock. */
export const now = () => performance.timeOrigin + performance.now();

export async function measureBoards(grounds: Grounds, contestant: Contestant, plan: Plan): Promise<Result> {
  const database = `bench_feeds_${contestant}`;
  const databaseUrl = await grounds.openDatabase(database);
  const backing = { databaseUrl, redisUrl: grounds.redisUrl };
  const matches = await openMatches(databaseUrl, plan.matches);
  const publisher = await openPublisher(backing);
  const server = await startProcesses(contestant, { relay: PROCESSES[contestant] }, backing);
  const audience = forkOf('feeds/audience.js', [], {});
  try {
    const followed = messageOf<BoardsMessage, 'followed'>(audience, 'followed');
    const order = { isPeer: contestant === 'loop', url: server.url, token: tokenOf(matches), ids: matches.ids };
    audience.send({ order: 'follow', ...order, connections: plan.connections, each: plan.each } satisfies BoardsOrder);
    const { failed } = await followed;
    await change(matches, publisher, { ...plan, seconds: Math.min(WARM_SECONDS, plan.seconds) });
    await sleep(QUIET_MS);
    await seenBy(audience);
    const before = readUsage(server.pids);
    const changes = await change(matches, publisher, plan);
    await sleep(QUIET_MS);
    const used_us = readUsage(server.pids).relay! - before.relay!;
    const { samples, closed } = await seenBy(audience);
    const wanted = changes * (boardsOf(plan) / plan.matches);
    const missed = Math.max(0, wanted - samples.length);
    samples.sort((one, other) => one - other);
    return {
      ...{ contestant, changes, seen_percent: (100 * samples.length) / wanted },
      error_percent: 100 * Math.max(missed / wanted, (failed + closed) / boardsOf(plan)),
      ...{ p50_ms: percentile(samples, 0.5), p95_ms: percentile(samples, 0.95), p99_ms: percentile(samples, 0.99) },
      cpu_us: used_us / Math.max(1, samples.length),
    };
  } finally {
    audience.kill();
    await server.stop().catch(() => {});
    publisher.close();
    await matches.close();
    await grounds.dropDatabase(database);
  }
}

async function seenBy(audience: ReturnType<typeof forkOf>) {
  const seen = messageOf<BoardsMessage, 'seen'>(audience, 'seen');
  audience.send({ order: 'count' } satisfies BoardsOrder);
  return seen;
}

/** Some matches of each poll have changed, and say when that was known. @returns how many were stored */
async function change(matches: PolledMatches, publisher: Publisher, { matches: count, per_second, seconds }: Plan) {
  const each = Math.max(1, Math.round((per_second * TICK_MS) / 1_000));
  const ticks = Math.round((seconds * 1_000) / TICK_MS);
  const began = performance.now();
  let changes = 0;
  let polling: Promise<void> = Promise.resolve();
  for (let tick = 0; tick < ticks; tick += 1) {
    await sleep(Math.max(0, began + tick * TICK_MS - performance.now()));
    const some = Array.from({ length: each }, (_, n) => (tick * each + n) % count);
    const title = `at ${now()}`;
    polling = polling.then(async () => {
      const stored = await matches.store(some, () => title);
      changes += stored.length;
      await Promise.all(stored.map(publisher.publishMatch));
    });
  }
  await polling;
  return changes;
}

type Publisher = Awaited<ReturnType<typeof openPublisher>>;

async function openPublisher({ databaseUrl, redisUrl }: { databaseUrl: string; redisUrl: string }) {
  const prefix = redisPrefix(await readInstallationId(databaseUrl, 'worker'));
  const log = createLog('error', 'bench');
  const redis = openRedis({ url: redisUrl, process: 'bench', prefix, log });
  await redis.demandFit();
  const broadcast = createRedisBroadcast(redis, prefix);
  const store = createRedisMatches(redis, prefix);
  const { publishMatch } = createMatchFanout({ store, broadcast, metrics: createMetrics(), log });
  const close = () => {
    store.close();
    void broadcast.close();
    redis.close();
  };
  return { publishMatch, close };
}

function tokenOf({ institution_id }: PolledMatches): string {
  const exp = Math.floor(Date.now() / 1_000) + TOKEN_SECONDS;
  return signToken({ sub: randomUUID(), role: 'participant', institution_id, exp }, SECRET);
}
