/**
 * Does a command cost more when the database has grown? The same commands on an empty database and on one with a million
 * old commands and two million old events, there also on thousands of sessions under way, with a peer that does the
 * same; turn about, the record checked after each. What is to be reached are ratios to the empty database. What was made
 * is kept for the next run; `--rounds 0` only makes it.
 */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { migrate } from '../migrations/migrate.ts';
import { type Grounds, once, openGrounds } from './grounds.ts';
import { GROWN, type GrownRecord, makeGrown } from './grownRecord.ts';
import { describe, lineOf, type Measured, type Place, pointTable, ratiosOf, sizeTable } from './grownReport.ts';
import { type Contestant, enterContestant, measurePoint } from './measure.ts';
import type { BenchOptions } from './options.ts';
import { keepResults } from './report.ts';
import type { ServerName } from './servers.ts';
import { mibOf } from './usage.ts';

const SERVERS: ServerName[] = ['ours', 'direct'];
const CONNECTIONS = 64;

export async function benchGrown(options: BenchOptions): Promise<void> {
  const { old, underWay, rounds, signal } = options;
  const servers = SERVERS.filter((name) => options.only.length === 0 || options.only.includes(name));
  const sessions = Math.max(0, ...underWay);
  const home = join(tmpdir(), `plearoll-grown-${old}-${sessions}`);
  const grounds = await openGrounds({ max_wal_size: '4GB' }, home);
  const points: Measured[] = [];
  try {
    const record = await once(join(home, 'grown.json'), () =>
      makeGrown(grounds, { events: old, sessions, home, signal }),
    );
    await migrate(grounds.urlOf(GROWN));
    console.error(sizeTable(record.sizes));
    if (rounds === 0) return;
    const entered = await enterAll(grounds, servers, record, signal);
    try {
      for (let round = 0; round < rounds; round += 1) {
        for (const place of turned(['empty', 'grown', ...underWay] as Place[], round)) {
          for (const server of turned(servers, round)) {
            const contestant = entered.get(`${server} ${place === 'empty' ? 'empty' : 'grown'}`)!;
            points.push({ ...(await measure(grounds, contestant, place, record, options)), place, round });
            console.error(describe(points.at(-1)!));
          }
        }
      }
    } finally {
      for (const contestant of entered.values()) await contestant.leave();
    }
    const ratios = ratiosOf(points);
    console.log(`\n${pointTable(points)}\n\n${ratios.map(lineOf).join('\n')}`);
    await keepResults('grown', {
      old,
      underWay,
      rounds,
      seconds: options.seconds,
      sizes: record.sizes,
      ratios,
      points,
    });
  } finally {
    await grounds.stop();
  }
}

/** Turned round each time, so that a machine that gets slower favours nobody. */
function turned<T>(items: readonly T[], round: number): T[] {
  return round % 2 === 0 ? [...items] : items.toReversed();
}

async function enterAll(grounds: Grounds, servers: ServerName[], { since }: GrownRecord, signal: AbortSignal) {
  const entered = new Map<string, Contestant>();
  for (const server of servers) {
    entered.set(`${server} empty`, await enterContestant(grounds, server, signal));
    entered.set(`${server} grown`, await enterContestant(grounds, server, signal, { template: GROWN, since }));
  }
  return entered;
}

async function measure(
  grounds: Grounds,
  contestant: Contestant,
  place: Place,
  record: GrownRecord,
  { seconds, signal }: BenchOptions,
): Promise<Omit<Measured, 'place' | 'round'>> {
  const dockets = typeof place === 'number' ? record.dockets.slice(0, place) : undefined;
  const before = { bytes: await readWal(grounds), answered: contestant.answered };
  const point = await measurePoint(grounds, contestant, { connections: CONNECTIONS, seconds, dockets, signal });
  const wal_bytes = ((await readWal(grounds)) - before.bytes) / (contestant.answered - before.answered);
  const { worker, api } = contestant.running.pids;
  return { ...point, wal_bytes, mib: mibOf(worker ?? api!) };
}

async function readWal({ adminUrl }: Grounds): Promise<number> {
  const client = new pg.Client({ connectionString: adminUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ bytes: string }>(`select pg_current_wal_insert_lsn() - '0/0' as bytes`);
    return Number(rows[0]!.bytes);
  } finally {
    await client.end();
  }
}
