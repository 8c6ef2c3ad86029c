/** What a poll costs that finds nothing new, in the process that polls: with its requests to the site, and without. */
import type { Grounds } from '../grounds.ts';
import { forkOf, messageOf } from '../relay/children.ts';
import { openPolling } from './polling.ts';
import type { SitesMessage } from './sites.ts';

export interface Unchanged {
  polls: number;
  published: number;
  /** Of a poll of a round of one match, what its site said being at hand. */
  cpu_ms: number;
  /** Of each match, where the round has two hundred. */
  cpu_ms_in_round: number;
  /** Of a poll of a round of one match, with its requests. */
  asked_ms: number;
  /** Of each match, where the round has two hundred. */
  asked_ms_in_round: number;
}

const MATCHES = 200;
const POLLS = { one: 1_000, whole: 50, asked: 100 };
/** A worker that has polled for a while is compiled. */
const WARM = { asked: 30, atHand: 500 };
const DATABASE = 'bench_feeds_unchanged';

/** @param share of so many polls: where it only has to run, a tenth does */
export async function measureUnchanged(grounds: Grounds, share: number): Promise<Unchanged> {
  const child = forkOf('feeds/sites.js', ['1', String(MATCHES)], {});
  const polling = await openPolling(await grounds.openDatabase(DATABASE), grounds.redisUrl);
  try {
    const { sites } = await messageOf<SitesMessage, 'sites'>(child, 'sites');
    const one = await polling.open(sites[0]!);
    const whole = await polling.open(sites[1]!);
    for (const { poll, pollAtHand } of [one, whole]) {
      await repeat(WARM.asked * share, poll);
      await repeat(WARM.atHand * share, pollAtHand);
    }
    const before = polling.published();
    const cpu_ms = await cpuOf(POLLS.one * share, one.pollAtHand);
    const cpu_ms_in_round = (await cpuOf(POLLS.whole * share, whole.pollAtHand)) / MATCHES;
    const asked_ms = await cpuOf(POLLS.asked * share, one.poll);
    const asked_ms_in_round = (await cpuOf(POLLS.whole * share, whole.poll)) / MATCHES;
    const polls = (POLLS.one + POLLS.asked + 2 * POLLS.whole) * share;
    const published = polling.published() - before;
    return { polls, published, cpu_ms, cpu_ms_in_round, asked_ms, asked_ms_in_round };
  } finally {
    child.kill();
    await polling.close();
    await grounds.dropDatabase(DATABASE);
  }
}

async function repeat(times: number, poll: () => Promise<void>): Promise<void> {
  for (let n = 0; n < times; n += 1) await poll();
}

/** In milliseconds of this process, for each. */
async function cpuOf(times: number, poll: () => Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  await repeat(times, poll);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / times / 1_000;
}
