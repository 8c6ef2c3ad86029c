/**
 * `--crowd 500 --minutes 5`: so many listeners over all transports, of whom some leave and others come every second, while
 * commands go on and relays are killed one after the other. At the end each listener's log must be the committed one.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { cast, openSession, person } from '../test/support/client.ts';
import { until } from '../test/support/processes.ts';
import { SECRET } from '../test/support/secret.ts';
import { openArena } from './arena.ts';
import { type Crowd, gatherCrowd } from './crowd.ts';
import { type Fleet, startFleet } from './fleet.ts';
import { judge } from './judge.ts';
import { judgeCrowd } from './judgeCrowd.ts';
import { createSender, startProducers } from './producers.ts';
import { verifyAll } from './rounds.ts';
import { readStored } from './stored.ts';

/** Where it happens. */
export interface Ground {
  pool: pg.Pool;
  urls(of: 'relay' | 'api'): string[];
  /** Resolves when another is there in its place. */
  killRelay(nth: number): Promise<unknown>;
}

export interface CrowdSoakOptions {
  size: number;
  sessions: number;
  for_ms: number;
  kill_every_ms: number;
  signal?: AbortSignal;
}

export interface CrowdSoaked {
  faults: string[];
  events: number;
  /** All that ever listened, and how often they connected. */
  onlookers: number;
  connections: number;
  kills: number;
}

const CLERKS = 4;
const PACE_MS = 250;
const CHURN_EVERY_MS = 1_000;
/** Of the crowd, at each churn. */
const CHURN = 0.02;
const SETTLE_WITHIN_MS = 60_000;

export async function soakCrowd(ground: Ground, options: CrowdSoakOptions): Promise<CrowdSoaked> {
  const { pool, urls } = ground;
  const people = cast();
  const opened = Array.from({ length: options.sessions }, () => openSession(urls('api')[0]!, people));
  const sessions = (await Promise.all(opened)).map(({ session_id }) => session_id);
  const { institution_id } = people;
  const tokenOf = () => person('participant', { institution_id }).token;
  const crowd = gatherCrowd({ size: options.size, sessions, tokenOf, urls });
  const sender = createSender(() => urls('api'));
  const producers = startProducers(sender, people, sessions, CLERKS, PACE_MS);
  const faults: string[] = [];
  const kills = await disturb(crowd, ground, options);
  await producers.stop();
  const streams = sessions.map((id) => `session:${id}`);
  await until('everything accepted has its outcome', () => isSettled(pool, streams), SETTLE_WITHIN_MS);
  const stored = await readStored(pool, streams);
  const chains = new Map(
    sessions.map((id) => {
      const own = stored.events.filter(({ stream }) => stream === `session:${id}`);
      return [id, own.map(({ event_hash }) => event_hash)];
    }),
  );
  // Each that is not level is found by the judge, with a name.
  await crowd.level(new Map([...chains].map(([id, { length }]) => [id, length]))).catch(() => {});
  const connections = crowd.connections();
  const onlookers = crowd.disperse();
  faults.push(...judge({ sent: sender.sent, heard: [] }, stored), ...judgeCrowd(onlookers, chains));
  return { faults, events: stored.events.length, onlookers: onlookers.length, connections, kills };
}

/** Comings and goings, and kills, for as long as it lasts. @returns how many were killed */
async function disturb(crowd: Crowd, { killRelay }: Ground, options: CrowdSoakOptions): Promise<number> {
  const { size, for_ms, kill_every_ms, signal } = options;
  const end = performance.now() + for_ms;
  let kills = 0;
  let killing: Promise<unknown> = Promise.resolve();
  for (let next_kill = performance.now() + kill_every_ms / 2; performance.now() < end && !signal?.aborted; ) {
    await sleep(CHURN_EVERY_MS);
    crowd.churn(Math.ceil(size * CHURN));
    if (performance.now() < next_kill) continue;
    next_kill += kill_every_ms;
    await killing;
    killing = killRelay(kills);
    kills += 1;
  }
  await killing;
  return kills;
}

async function isSettled(pool: pg.Pool, streams: string[]): Promise<boolean> {
  const text = `select from commands where status = 'accepted' and streams && $1 limit 1`;
  return (await pool.query(text, [streams])).rowCount === 0;
}

const SESSIONS = 10;
const KILL_EVERY_MS = 20_000;

/** On a fleet of its own. @returns true when nobody was told anything but the record */
export async function runCrowdSoak(size: number, minutes: number, signal: AbortSignal): Promise<boolean> {
  const arena = await openArena();
  let fleet: Fleet | undefined;
  try {
    const env = { DATABASE_URL: arena.url, REDIS_URL: arena.redis.url, JWT_SECRET: SECRET };
    fleet = await startFleet(env, arena.folder);
    const { urls, posts } = fleet;
    const killRelay = async (nth: number) => {
      const post = posts('relay')[nth % 2]!;
      const { exited, signal } = await until('a relay is ready', () => post.process);
      signal('SIGKILL');
      await exited;
      await until('another is ready', () => post.process);
    };
    const options = { size, sessions: SESSIONS, for_ms: minutes * 60_000, kill_every_ms: KILL_EVERY_MS, signal };
    const { faults, ...figures } = await soakCrowd({ pool: arena.pool, urls, killRelay }, options);
    const unverified = await verifyAll(arena.url);
    console.log(lineOf(figures));
    for (const line of [...faults, ...unverified]) console.log(`VIOLATION: ${line}`);
    return faults.length === 0 && unverified.length === 0;
  } finally {
    await fleet?.stop();
    await arena.stop();
  }
}

export function lineOf({ onlookers, connections, kills, events }: Omit<CrowdSoaked, 'faults'>): string {
  return `${onlookers} listeners on ${connections} connections, ${kills} relays killed, ${events} events`;
}
