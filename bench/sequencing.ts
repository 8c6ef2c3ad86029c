/**
 * What the log costs commands: pairs of runs on one server, with the sequencer at work and with its row locked away, so that no pass
 * begins. What was left over is sequenced before the next run. Naming a stream in the queue belongs to both. Where others use the machine
 * too, rates say little: what counts then is the processor time of all processes for each command, which bounds the rate of a full machine.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { openGrounds } from './grounds.ts';
import { enterContestant, measurePoint } from './measure.ts';
import type { BenchOptions } from './options.ts';
import { keepResults, median, table } from './report.ts';

interface Pairs {
  on: number[];
  off: number[];
}

const CONNECTIONS = 64;
const SEQUENCED = 'select (select count(*) from events) = (select size from log_state) as is_done';
const SEQUENCED_WITHIN_MS = 60_000;

export async function benchSequencing({ rounds, seconds, signal }: BenchOptions): Promise<void> {
  const grounds = await openGrounds();
  const rates: Pairs = { on: [], off: [] };
  const cpu_us: Pairs = { on: [], off: [] };
  try {
    const contestant = await enterContestant(grounds, 'ours', signal);
    const client = new pg.Client({ connectionString: contestant.databaseUrl });
    await client.connect();
    try {
      for (let round = 0; round < rounds; round += 1) {
        for (const which of round % 2 === 0 ? (['on', 'off'] as const) : (['off', 'on'] as const)) {
          await untilSequenced(client);
          if (which === 'off') await client.query('begin; select from log_state for update');
          const point = await measurePoint(grounds, contestant, { connections: CONNECTIONS, seconds, signal });
          if (which === 'off') await client.query('commit');
          const used = Object.values(point.cpu_us).reduce((sum, group) => sum + group, 0);
          console.error(`sequencer ${which}: ${Math.round(point.per_second)}/s, ${Math.round(used)} us a command`);
          rates[which].push(point.per_second);
          cpu_us[which].push(used);
        }
      }
    } finally {
      await client.end();
      await contestant.leave();
    }
    const ratio = median(rates.on.map((on, i) => on / rates.off[i]!));
    const cpu_ratio = median(cpu_us.off.map((off, i) => off / cpu_us.on[i]!));
    const rows = (['on', 'off'] as const).map((which) => [
      ...[which, Math.round(median(rates[which])), Math.round(median(cpu_us[which]))],
    ]);
    console.log(table(['sequencer', 'commands/s', 'us/command'], rows));
    console.log(`commands/s, on / off, median of ${rounds} pairs: ${ratio.toFixed(3)} (at least 0.95)`);
    console.log(`processor time of a command, off / on, median: ${cpu_ratio.toFixed(3)} (at least 0.95)`);
    await keepResults('sequencing', { seconds, rates, cpu_us, ratio, cpu_ratio });
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
