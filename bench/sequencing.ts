/**
 * What the log costs commands: pairs of runs on one server, with the sequencer at work and with its row locked away, so that no pass
 * begins. What was left over is sequenced before the next run. Naming a stream in the queue belongs to both.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { measureConditions, ratiosOf, tableOf } from './conditions.ts';
import { openGrounds } from './grounds.ts';
import { enterContestant } from './measure.ts';
import type { BenchOptions } from './options.ts';
import { keepResults } from './report.ts';

const SEQUENCED = 'select (select count(*) from events) = (select size from log_state) as is_done';
const SEQUENCED_WITHIN_MS = 60_000;

export async function benchSequencing(options: BenchOptions): Promise<void> {
  const { rounds, seconds, signal } = options;
  const grounds = await openGrounds();
  try {
    const contestant = await enterContestant(grounds, 'ours', signal);
    const client = new pg.Client({ connectionString: contestant.databaseUrl });
    await client.connect();
    const lockAway = async () => {
      await untilSequenced(client);
      await client.query('begin; select from log_state for update');
    };
    const conditions = [
      { name: 'on', enter: () => untilSequenced(client) },
      { name: 'off', enter: lockAway, leave: async () => void (await client.query('commit')) },
    ] as const;
    try {
      const found = await measureConditions(grounds, contestant, conditions, options);
      const { ratio, cpu_ratio } = ratiosOf(found.on, found.off);
      console.log(tableOf('sequencer', found));
      console.log(`commands/s, on / off, median of ${rounds} pairs: ${ratio.toFixed(3)} (at least 0.95)`);
      console.log(`processor time of a command, off / on, median: ${cpu_ratio.toFixed(3)} (at least 0.95)`);
      await keepResults('sequencing', { seconds, found, ratio, cpu_ratio });
    } finally {
      await client.end();
      await contestant.leave();
    }
  } finally {
    await grounds.stop();
  }
}

async function untilSequenced(client: pg.Client): Promise<void> {
  const deadline = performance.now() + SEQUENCED_WITHIN_MS;
  while (!(await client.query<{ is_done: boolean }>(SEQUENCED)).rows[0]!.is_done) {
    if (performance.now() > deadline) throw new Error('events are still without their places in the log');
    await sleep(100);
  }
}
