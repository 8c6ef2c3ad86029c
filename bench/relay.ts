/**
 * The relay beside plain socket.io with its Redis adapters, tuned the same: live events to many listeners, one big room,
 * replay, a storm of reconnects, and listeners that stall. Each contestant has the same API and worker behind it, and the
 * same commits before the same announcements; what differs is the way from there to the listener. Where nats-server
 * is installed, live events are compared with that, too.
 */
import { type Grounds, openGrounds } from './grounds.ts';
import type { BenchOptions } from './options.ts';
import { hasNats } from './peers/nats.ts';
import { CONTESTANTS, type Contestant, isPeer } from './relay/contestants.ts';
import { type FanoutPlan, type FanoutResult, measureFanout } from './relay/fanout.ts';
import { measureReplay } from './relay/replay.ts';
import { measureSlow } from './relay/slow.ts';
import { measureStorm } from './relay/storm.ts';
import { keepResults, median, table } from './report.ts';

const GOALS = { p99_ms: 5, cpu: 0.65, p99_better: 1.5, kib: 16, replay: 5, back_ms: 10_000, p99_slow: 1.2 };
/** To each listener: 20,000 a second for ten thousand. */
const PER_LISTENER = 2;
const ROOMS = 200;
const REPLAYERS = 200;
/** For ten thousand listeners: 30,000 events in fifty seconds. */
const STALLED = { per_second: 0.06, events: 3 };
const SAMPLE_TEXT = 'x'.repeat(100);

export async function benchRelay(options: BenchOptions): Promise<void> {
  const named = CONTESTANTS.filter((name) => options.only.includes(name));
  const contestants = (named.length > 0 ? named : CONTESTANTS).filter((name) => name !== 'nats' || hasNats());
  // It keeps nothing, and cuts off listeners that stall: only live events are compared.
  const keeping = contestants.filter((name) => name !== 'nats');
  const grounds = await openGrounds({ shared_preload_libraries: 'pg_stat_statements' });
  try {
    const parts = {
      rooms: () => fanout(grounds, contestants, options, ROOMS),
      one_room: () => fanout(grounds, contestants, options, 1),
      replay: () => replay(grounds, keeping, options),
      storm: () => storm(grounds, contestants, options),
      slow: () => slow(grounds, keeping, options),
    };
    const results: Record<string, unknown> = {};
    for (const [part, measure] of Object.entries(parts)) {
      if (options.parts.length === 0 || options.parts.includes(part)) results[part] = await measure();
    }
    await keepResults('relay', { listeners: options.listeners, ...results });
  } finally {
    await grounds.stop();
  }
}

/** Contestants take turns in each round; a figure is the median of its rounds. */
async function fanout(
  grounds: Grounds,
  contestants: readonly Contestant[],
  { listeners, rounds, seconds, signal }: BenchOptions,
  rooms: number,
) {
  const plan: FanoutPlan = { listeners, rooms, per_second: PER_LISTENER * rooms, seconds };
  const all: FanoutResult[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const order = round % 2 === 0 ? contestants : [...contestants].reverse();
    for (const contestant of order) all.push(await measureFanout(grounds, contestant, plan, signal));
  }
  const of = (contestant: Contestant, key: keyof FanoutResult) =>
    median(all.filter((one) => one.contestant === contestant).map((one) => Number(one[key])));
  const keys = [
    'delivered',
    'lost',
    'out_of_order',
    'p50_ms',
    'p99_ms',
    'cpu_us',
    'bytes',
    'kib',
    'connects_per_second',
  ] as const;
  const rows = contestants.map((one) => [one, ...keys.map((key) => Number(of(one, key).toPrecision(4)))]);
  console.log(
    `\n${listeners} listeners in ${rooms} rooms, ${PER_LISTENER * listeners} deliveries a second\n${table(['', ...keys], rows)}`,
  );
  const peers = contestants.filter((name) => isPeer(name) && name !== 'nats');
  if (peers.length > 0) {
    const best = (key: 'p99_ms' | 'cpu_us') => Math.min(...peers.map((peer) => of(peer, key)));
    for (const one of contestants.filter((name) => !isPeer(name))) {
      const [p99, cpu] = [best('p99_ms') / of(one, 'p99_ms'), of(one, 'cpu_us') / best('cpu_us')];
      console.log(
        `${one}: p99 ${p99.toFixed(2)} x better (at least ${GOALS.p99_better}), processor ${cpu.toFixed(2)} x (at most ${GOALS.cpu})`,
      );
    }
  }
  return all;
}

async function replay(grounds: Grounds, contestants: readonly Contestant[], { signal }: BenchOptions) {
  const sample = JSON.stringify({ type: 'EVENT', ...SAMPLE });
  const all = [];
  for (const contestant of contestants) all.push(await measureReplay(grounds, contestant, signal, REPLAYERS, sample));
  const rows = all.map((one) => [one.contestant, one.delivered, Math.round(one.per_cpu_second)]);
  console.log(
    `\n1,000 events to each of ${REPLAYERS} who come (at least ${GOALS.replay} x a peer)\n${table(['', 'delivered', 'per CPU second'], rows)}`,
  );
  return all;
}

async function storm(grounds: Grounds, contestants: readonly Contestant[], { listeners, signal }: BenchOptions) {
  const all = [];
  for (const one of contestants.filter((name) => !isPeer(name)))
    all.push(await measureStorm(grounds, one, signal, listeners, ROOMS));
  const rows = all.map((one) => [
    one.contestant,
    Math.round(one.back_ms),
    Number(one.statements_per_room.toFixed(2)),
    one.lost,
    one.out_of_order,
  ]);
  const header = ['', 'back ms', 'statements/room', 'lost', 'out of order'];
  console.log(`\n${listeners} come back after a kill (within ${GOALS.back_ms} ms)\n${table(header, rows)}`);
  return all;
}

async function slow(grounds: Grounds, contestants: readonly Contestant[], { listeners, signal }: BenchOptions) {
  const [per_second, events] = [STALLED.per_second * listeners, STALLED.events * listeners];
  const all = [];
  for (const one of contestants) all.push(await measureSlow(grounds, one, signal, per_second, events));
  const rows = all.map(({ contestant, alone, stalled, p99_alone_ms, p99_stalled_ms, closed }) => [
    contestant,
    ...[alone.used, stalled.used, alone.resident, stalled.resident].map((n) => Number(n.toFixed(1))),
    ...[p99_alone_ms, p99_stalled_ms, p99_stalled_ms / p99_alone_ms].map((n) => Number(n.toFixed(2))),
    closed,
  ]);
  const header = [
    ...['', 'MiB used: alone', 'with stalled', 'resident: alone', 'with stalled'],
    ...['p99 ms: alone', 'with stalled', 'times', 'closed'],
  ];
  console.log(
    `\n${events} events to 50 healthy alone, and beside 50 stalled (p99 at most ${GOALS.p99_slow} x; growth after collection)\n${table(header, rows)}`,
  );
  return all;
}

/** As large as an event of ours. */
const SAMPLE = {
  stream: 'session:01a2009a-b8e2-7eeb-bb9b-c25b8daa0000',
  session_id: '01a2009a-b8e2-7eeb-bb9b-c25b8daa0000',
  event_sequence: 1,
  event_type: 'BENCH_ENTRY',
  event_id: '01a2009a-b8e2-7eeb-bb9b-c25b8daa0001',
  actor_id: '01a2009a-b8e2-7eeb-bb9b-c25b8daa0002',
  occurred_at: '2026-11-22T00:00:00.000Z',
  previous_hash: '0'.repeat(64),
  event_hash: '0'.repeat(64),
  payload: { text: SAMPLE_TEXT },
  payload_salt: '0'.repeat(64),
  payload_commitment: '0'.repeat(64),
};
