/**
 * Ours against the two ways it is usually done: a transaction for each request without a queue (`direct`), and a BullMQ
 * job with a transaction for each command (`naive`). One after the other on the same machine, the record checked after
 * each. Absolute figures belong to the machine; what is to be reached are ratios.
 */
import pg from 'pg';
import { type Grounds, openGrounds } from './grounds.ts';
import { type Contestant, enterContestant, measurePoint, type Point } from './measure.ts';
import type { BenchOptions } from './options.ts';
import { keepResults, median, table } from './report.ts';
import { SERVERS, type ServerName } from './servers.ts';

const MOST_TRIES = 5;
const GROUPS = ['api', 'worker', 'redis', 'postgres', 'load'];
const DATABASE_SETTINGS = [
  'server_version',
  'fsync',
  'synchronous_commit',
  'shared_buffers',
  'max_wal_size',
  'wal_sync_method',
];

interface Goal {
  connections: number;
  peer: ServerName;
  measure: 'per_second' | 'p50_ms';
  least?: number;
  most?: number;
}

const GOALS: Goal[] = [
  { connections: 1, peer: 'direct', measure: 'p50_ms', most: 3 },
  { connections: 64, peer: 'direct', measure: 'per_second', least: 1.5 },
  { connections: 256, peer: 'direct', measure: 'per_second', least: 2 },
  { connections: 256, peer: 'naive', measure: 'per_second', least: 4 },
];

export async function benchCommands(options: BenchOptions): Promise<void> {
  const { connections, rounds, seconds } = options;
  const only = options.only.length === 0 ? [...SERVERS] : SERVERS.filter((name) => options.only.includes(name));
  const grounds = await openGrounds();
  const points: Point[] = [];
  try {
    for (let round = 0; round < rounds; round += 1) {
      // Turned round each time, so that a machine that gets slower favours nobody.
      const order = round % 2 === 0 ? only : [...only].reverse();
      points.push(...(await playRound(grounds, order, options)));
    }
    const medians = connections.flatMap((count) => only.map((server) => medianOf(points, server, count)));
    console.log(`\n${pointTable(medians)}\n\n${goalLines(medians).join('\n')}`);
    await keepResults('commands', { seconds, rounds, database: await readSettings(grounds), medians, points });
  } finally {
    await grounds.stop();
  }
}

/** All servers are up, but only one has anything to do at a time. */
async function playRound(grounds: Grounds, order: readonly ServerName[], options: BenchOptions): Promise<Point[]> {
  const { seconds, connections, quiet, signal } = options;
  const contestants: Contestant[] = [];
  const points: Point[] = [];
  try {
    for (const server of order) contestants.push(await enterContestant(grounds, server, signal));
    for (const count of connections) {
      for (const contestant of contestants) {
        const measure = () => measurePoint(grounds, contestant, { connections: count, seconds, signal });
        points.push(await measureQuietly(measure, quiet));
      }
    }
    return points;
  } finally {
    for (const contestant of contestants) await contestant.leave();
  }
}

/** Where others use the machine too: the quietest of a few tries, or the first that is quiet enough. */
async function measureQuietly(measure: () => Promise<Point>, quiet: number): Promise<Point> {
  const tries: Point[] = [];
  do {
    const point = await measure();
    console.error(describe(point));
    tries.push(point);
  } while (tries.at(-1)!.elsewhere > quiet && tries.length < MOST_TRIES);
  return tries.sort((a, b) => a.elsewhere - b.elsewhere)[0]!;
}

function describe({ server, connections, per_second, p50_ms, commands, elsewhere }: Point): string {
  const rate = `${Math.round(per_second)}/s, p50 ${p50_ms.toFixed(2)} ms`;
  const noise = `${Math.round(elsewhere * 100)} % of the machine elsewhere`;
  return `${server} at ${connections}: ${rate}; ${commands} commands, record checked; ${noise}`;
}

function medianOf(points: Point[], server: ServerName, connections: number): Point {
  const same = points.filter((point) => point.server === server && point.connections === connections);
  const of = (pick: (point: Point) => number) => median(same.map(pick));
  const cpu_us = Object.fromEntries(
    Object.keys(same[0]!.cpu_us).map((group) => [group, of((point) => point.cpu_us[group]!)]),
  );
  return {
    server,
    connections,
    commands: of((point) => point.commands),
    per_second: of((point) => point.per_second),
    p50_ms: of((point) => point.p50_ms),
    p99_ms: of((point) => point.p99_ms),
    cpu_us,
    elsewhere: of((point) => point.elsewhere),
  };
}

function pointTable(points: Point[]): string {
  const header = ['connections', 'server', 'commands/s', 'p50 ms', 'p99 ms', ...GROUPS, 'us/command', 'elsewhere %'];
  const rows = points.map(({ server, connections, per_second, p50_ms, p99_ms, cpu_us, elsewhere }) => {
    const total = Object.values(cpu_us).reduce((sum, used) => sum + used, 0);
    const groups = GROUPS.map((group) => Math.round(cpu_us[group] ?? 0));
    const times = [round(p50_ms), round(p99_ms)];
    return [
      connections,
      server,
      Math.round(per_second),
      ...times,
      ...groups,
      Math.round(total),
      round(elsewhere * 100),
    ];
  });
  return table(header, rows);
}

function goalLines(points: Point[]): string[] {
  const find = (server: ServerName, count: number) =>
    points.find((point) => point.server === server && point.connections === count);
  return GOALS.flatMap(({ connections, peer, measure, least, most }) => {
    const [own, theirs] = [find('ours', connections), find(peer, connections)];
    if (!own || !theirs) return [];
    const ratio = own[measure] / theirs[measure];
    const reached = ratio >= (least ?? 0) && ratio <= (most ?? Number.POSITIVE_INFINITY);
    const asked = least === undefined ? `at most ${most}` : `at least ${least}`;
    const what = measure === 'per_second' ? 'commands/s' : 'p50';
    return `${what} at ${connections}: ${ratio.toFixed(2)} x ${peer} (${asked}) ${reached ? 'reached' : 'NOT REACHED'}`;
  });
}

function round(value: number): number {
  return Number(value.toPrecision(3));
}

async function readSettings(grounds: Grounds): Promise<object> {
  const client = new pg.Client({ connectionString: grounds.adminUrl });
  await client.connect();
  const { rows } = await client.query('select name, current_setting(name) as value from unnest($1::text[]) as name', [
    DATABASE_SETTINGS,
  ]);
  await client.end();
  return Object.fromEntries(rows.map(({ name, value }) => [name, value]));
}
