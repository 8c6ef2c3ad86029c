/** What a poll costs that finds nothing new, in the process that polls, without the request itself. */
import type { Grounds } from '../grounds.ts';
import { openMatches } from './matches.ts';

export interface Unchanged {
  polls: number;
  published: number;
  /** Of a poll of one match. */
  cpu_ms: number;
  /** Of each match, where a poll is of two hundred. */
  cpu_ms_in_round: number;
}

const MATCHES = 200;
const [POLLS, ROUNDS] = [500, 20];
const DATABASE = 'bench_feeds_unchanged';

export async function measureUnchanged(grounds: Grounds): Promise<Unchanged> {
  const matches = await openMatches(await grounds.openDatabase(DATABASE), MATCHES);
  const all = matches.ids.map((_, n) => n);
  const poll = async (some: readonly number[]) => (await matches.store(some, (n) => `Match ${n}`)).length;
  try {
    for (let n = 0; n < ROUNDS; n += 1) await poll([n]);
    let published = 0;
    const one_us = await cpuOf(async () => {
      for (let n = 0; n < POLLS; n += 1) published += await poll([n % MATCHES]);
    });
    const round_us = await cpuOf(async () => {
      for (let n = 0; n < ROUNDS; n += 1) published += await poll(all);
    });
    const cpu_ms_in_round = round_us / ROUNDS / MATCHES / 1_000;
    return { polls: POLLS + ROUNDS * MATCHES, published, cpu_ms: one_us / POLLS / 1_000, cpu_ms_in_round };
  } finally {
    await matches.close();
    await grounds.dropDatabase(DATABASE);
  }
}

/** In microseconds, of this process. */
async function cpuOf(work: () => Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return user + system;
}
