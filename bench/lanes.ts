/**
 * What lanes are worth: the same commands through processes with one, two and four of them, at the door and in the worker
 * alike; turn about, the record checked after each.
 */
import { fileURLToPath } from 'node:url';
import { openGrounds } from './grounds.ts';
import { type Contestant, enterContestant, measurePoint, type Point } from './measure.ts';
import type { BenchOptions } from './options.ts';
import { keepResults, median, table } from './report.ts';

interface Measured extends Point {
  lanes: number;
}

const PRELOAD = fileURLToPath(new URL('setLanes.js', import.meta.url));

export async function benchLanes({ lanes, connections, rounds, seconds, signal }: BenchOptions): Promise<void> {
  const grounds = await openGrounds();
  const contestants = new Map<number, Contestant>();
  const points: Measured[] = [];
  try {
    for (const count of lanes) {
      const settings = { NODE_OPTIONS: `--import=${PRELOAD}`, BENCH_LANES: String(count) };
      contestants.set(count, await enterContestant(grounds, 'ours', signal, { label: `lanes_${count}`, settings }));
    }
    for (let round = 0; round < rounds; round += 1) {
      // Turned round each time, so that a machine that gets slower favours nobody.
      const order = round % 2 === 0 ? lanes : lanes.toReversed();
      for (const at of connections) {
        for (const count of order) {
          const plan = { connections: at, seconds, signal };
          points.push({ ...(await measurePoint(grounds, contestants.get(count)!, plan)), lanes: count });
          const { per_second, p50_ms } = points.at(-1)!;
          console.error(`${count} lanes at ${at}: ${Math.round(per_second)}/s, p50 ${p50_ms.toFixed(2)} ms`);
        }
      }
    }
    console.log(`\n${tableOf(points, connections, lanes)}`);
    await keepResults('lanes', { seconds, rounds, points });
  } finally {
    for (const contestant of contestants.values()) await contestant.leave();
    await grounds.stop();
  }
}

function tableOf(points: Measured[], connections: number[], lanes: number[]): string {
  const header = ['connections', 'lanes', 'commands/s', 'p50 ms', 'p99 ms', 'us/command', 'elsewhere %'];
  const rows = connections.flatMap((at) =>
    lanes.map((count) => {
      const own = points.filter((point) => point.connections === at && point.lanes === count);
      const of = (pick: (point: Point) => number) => Number(median(own.map(pick)).toPrecision(3));
      const used = of(({ cpu_us }) => Object.values(cpu_us).reduce((sum, group) => sum + group, 0));
      const times = [of(({ p50_ms }) => p50_ms), of(({ p99_ms }) => p99_ms)];
      return [at, count, of((one) => one.per_second), ...times, used, of(({ elsewhere }) => elsewhere * 100)];
    }),
  );
  return table(header, rows);
}
