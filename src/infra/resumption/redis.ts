/**
 * Resumption in Redis: one empty key for each ticket, which lapses by itself; deleting it is using it up, so that of all
 * relays one alone succeeds. While Redis is away a process knows the tickets that it issued, and no others.
 */
import { openLazily } from '../redis/lazyClient.ts';
import type { RedisServer } from '../redis/redis.ts';
import { createInProcessResumption } from './inProcess.ts';
import type { Resumption, ResumptionOptions } from './resumption.ts';

/** KEYS: tickets. ARGV: for how many milliseconds. */
const SCRIPTS = {
  resumption_hold: { lua: `for _, key in ipairs(KEYS) do redis.call('SET', key, '', 'PX', ARGV[1]) end` },
  /** Answers which were not there any more, counted from 1: used up elsewhere, or forgotten. */
  resumption_extend: {
    lua: `
      local gone = {}
      for i, key in ipairs(KEYS) do
        if redis.call('PEXPIRE', key, ARGV[1]) == 0 then table.insert(gone, i) end
      end
      return gone`,
  },
};

const TICKETS_AT_ONCE = 500;
const PATIENCE_MS = 1_000;

/** @param prefix keeps installations that share a Redis apart */
export function createRedisResumption(redis: RedisServer, prefix: string, options: ResumptionOptions): Resumption {
  const { lease_ms, beyond_ms } = options;
  const server = createTicketKeys(redis, prefix);
  const own = createInProcessResumption(options);
  /** Issued while Redis was away, which knows nothing of them. */
  const untold = new Set<string>();
  /** Used up or dropped while Redis was away, which does not know it yet; until when it would hold each for good. */
  const spent = new Map<string, number>();

  async function hold(keys: readonly string[]): Promise<void> {
    await own.hold(keys);
    try {
      await server.set(keys, lease_ms);
    } catch {
      for (const key of keys) untold.add(key);
    }
  }

  /** What is not there any more was used up elsewhere, or Redis has lost it: no more is it good here. */
  async function extend(keys: readonly string[], ms: number): Promise<void> {
    await own.drop(
      await server.extend(
        keys.filter((key) => !untold.has(key)),
        ms,
      ),
    );
  }

  async function renew(keys: readonly string[]): Promise<void> {
    await own.renew(keys);
    const kept = new Set(own.good([...untold]));
    for (const key of untold) if (!kept.has(key)) untold.delete(key);
    for (const [key, until] of spent) if (until <= performance.now()) spent.delete(key);
    await drop([...spent.keys()]);
    await extend(keys, lease_ms);
  }

  async function release(keys: readonly string[]): Promise<void> {
    await own.release(keys);
    await extend(keys, beyond_ms);
  }

  async function drop(keys: readonly string[]): Promise<void> {
    await own.drop(keys);
    for (const key of keys) spend(key);
    await server.delete(keys.filter((key) => spent.has(key)));
    for (const key of keys) spent.delete(key);
  }

  async function take(key: string): Promise<boolean> {
    const isOwn = await own.take(key);
    if (untold.delete(key)) return isOwn;
    try {
      return (await server.delete([key])) === 1 && !spent.delete(key);
    } catch {
      if (isOwn) spend(key);
      return isOwn;
    }
  }

  function spend(key: string): void {
    if (!untold.delete(key)) spent.set(key, spent.get(key) ?? performance.now() + lease_ms);
  }

  return { hold, renew, release, drop, take, close: server.close };
}

type Run = (...values: (string | number)[]) => Promise<unknown>;

/** The keys of tickets, asked of in parts that keep Redis busy for a moment only. @throws where it is away */
function createTicketKeys(redis: RedisServer, prefix: string) {
  const { client, ask, close } = openLazily(redis, 'resumption', SCRIPTS, PATIENCE_MS);

  async function inParts<T>(keys: readonly string[], question: (names: string[]) => Promise<T>): Promise<T[]> {
    if (keys.length === 0) return [];
    const names = keys.map((key) => `${prefix}resume:${key}`);
    const parts: string[][] = [];
    for (let i = 0; i < names.length; i += TICKETS_AT_ONCE) parts.push(names.slice(i, i + TICKETS_AT_ONCE));
    return ask(() => Promise.all(parts.map(question)));
  }

  const run = (script: keyof typeof SCRIPTS, names: string[], ms: number): Promise<unknown> =>
    (client as unknown as { [name: string]: Run })[script]!(names.length, ...names, ms);

  async function set(keys: readonly string[], ms: number): Promise<void> {
    await inParts(keys, (names) => run('resumption_hold', names, ms));
  }

  /** @returns those that were not there */
  async function extend(keys: readonly string[], ms: number): Promise<string[]> {
    const missing = await inParts(keys, async (names) => {
      const places = (await run('resumption_extend', names, ms)) as number[];
      return places.map((place) => names[place - 1]!);
    });
    return missing.flat().map((name) => name.slice(`${prefix}resume:`.length));
  }

  /** @returns how many were there */
  async function remove(keys: readonly string[]): Promise<number> {
    const removed = await inParts(keys, (names) => client.del(...names));
    return removed.reduce((sum, count) => sum + count, 0);
  }

  return { set, extend, delete: remove, close: async () => close() };
}
