/** What the benchmark of a grown database says: each point beside the empty database of the same server and round. */
import type { TableSize } from './grownRecord.ts';
import type { Point } from './measure.ts';
import { median, table } from './report.ts';
import type { ServerName } from './servers.ts';

const GOALS = { least_rate: 0.9, most_p99: 2 };
const GROUPS = ['api', 'worker', 'redis', 'postgres'];

/** `empty`, or a count of sessions under way in the grown database. */
export type Place = 'empty' | 'grown' | number;

export interface Measured extends Point {
  place: Place;
  round: number;
  /** Written ahead for each command, whole pages after a checkpoint included. */
  wal_bytes: number;
  /** Resident memory of the worker, or of the peer's one process, afterwards. */
  mib: number;
}

export interface Ratio {
  server: ServerName;
  place: Place;
  rate: number;
  p99: number;
}

/** Each to the empty database of the same server and round. */
export function ratiosOf(points: Measured[]): Ratio[] {
  const bases = new Map(
    points.filter(({ place }) => place === 'empty').map((one) => [`${one.server} ${one.round}`, one]),
  );
  const grown = points.filter(({ place }) => place !== 'empty');
  const groups = new Map(grown.map(({ server, place }) => [`${server} ${place}`, { server, place }]));
  return [...groups.values()].map(({ server, place }) => {
    const own = grown.filter((one) => one.server === server && one.place === place);
    const of = (pick: (one: Point) => number) =>
      median(own.map((one) => pick(one) / pick(bases.get(`${one.server} ${one.round}`)!)));
    return { server, place, rate: of(({ per_second }) => per_second), p99: of(({ p99_ms }) => p99_ms) };
  });
}

export function lineOf({ server, place, rate, p99 }: Ratio): string {
  const isReached = rate >= GOALS.least_rate && p99 <= GOALS.most_p99;
  const goal = server === 'ours' ? `: ${isReached ? 'reached' : 'NOT REACHED'}` : '';
  return `${server}, ${nameOf(place)}: rate x ${rate.toFixed(2)} (at least ${GOALS.least_rate}), p99 x ${p99.toFixed(2)} (at most ${GOALS.most_p99}) of empty${goal}`;
}

function nameOf(place: Place): string {
  return typeof place === 'number' ? `grown, ${place} sessions under way` : place;
}

export function describe({ server, place, per_second, p99_ms, elsewhere }: Measured): string {
  const noise = `${Math.round(elsewhere * 100)} % of the machine elsewhere`;
  return `${server}, ${nameOf(place)}: ${Math.round(per_second)}/s, p99 ${p99_ms.toFixed(1)} ms; record checked; ${noise}`;
}

export function sizeTable(sizes: TableSize[]): string {
  const rows = sizes.map(({ name, rows, table_bytes, index_bytes }) => [
    name,
    rows,
    ...[table_bytes, index_bytes].flatMap((bytes) => [Math.round(bytes / 2 ** 20), Math.round(bytes / rows)]),
  ]);
  return table(['table', 'rows', 'MiB', 'bytes a row', 'indexes MiB', 'bytes a row'], rows);
}

export function pointTable(points: Measured[]): string {
  const groups = [...new Map(points.map(({ server, place }) => [`${server} ${place}`, { server, place }])).values()];
  const header = [
    'database',
    'server',
    'commands/s',
    'p50 ms',
    'p99 ms',
    ...GROUPS.map((name) => `${name} us`),
    'WAL bytes',
    'worker MiB',
    'elsewhere %',
  ];
  const rows = groups.map(({ server, place }) => {
    const own = points.filter((one) => one.server === server && one.place === place);
    const of = (pick: (one: Measured) => number) => Number(median(own.map(pick)).toPrecision(3));
    const used = GROUPS.map((group) => of(({ cpu_us }) => cpu_us[group] ?? 0));
    const times = [of(({ p50_ms }) => p50_ms), of(({ p99_ms }) => p99_ms)];
    return [
      nameOf(place),
      server,
      of(({ per_second }) => per_second),
      ...times,
      ...used,
      of(({ wal_bytes }) => wal_bytes),
      of(({ mib }) => mib),
      of((one) => one.elsewhere * 100),
    ];
  });
  return table(header, rows);
}
