/**
 * Reports in Redis. What a relay says stands in three keys of its own that expire together, by the server's time: that
 * they are there is the lease. Whatever Redis loses, relays say again within one refresh.
 */
import { openLazily } from '../redis/lazyClient.ts';
import type { RedisServer } from '../redis/redis.ts';
import { addTallies, NOBODY, RelayReport, type Reports, type Said, type Tallies, type Tally } from './reports.ts';

const PATIENCE_MS = 1_000;
const FIELDS_AT_ONCE = 1_000;
const COUNT_UNION = `return #redis.call('SUNION', unpack(KEYS))`;

/** @param prefix keeps installations that share a Redis apart */
export function createRedisReports(redis: RedisServer, prefix: string, lease_ms: number): Reports {
  const { client, ask, close } = openLazily(redis, 'reports', {}, PATIENCE_MS);
  /** Every relay that lives, and some that died: their keys are gone. */
  const RELAYS = `${prefix}relay:all`;
  const keysOf = (relay: string) => ({
    report: `${prefix}relay:${relay}:report`,
    rooms: `${prefix}relay:${relay}:rooms`,
    users: `${prefix}relay:${relay}:users`,
  });

  function say(relay: string, { report, rooms, users }: Said): Promise<void> {
    const keys = keysOf(relay);
    const transaction = client.multi().sadd(RELAYS, relay).set(keys.report, JSON.stringify(report), 'PX', lease_ms);
    if (users !== undefined) transaction.del(keys.rooms, keys.users);
    const [empty, occupied] = partition(rooms);
    for (const some of inParts(empty)) transaction.hdel(keys.rooms, ...some.map(([session_id]) => session_id));
    for (const some of inParts(occupied)) transaction.hset(keys.rooms, Object.fromEntries(some.map(fieldOf)));
    for (const some of inParts(users ?? [])) transaction.sadd(keys.users, ...some);
    for (const key of [RELAYS, keys.rooms, keys.users]) transaction.pexpire(key, lease_ms);
    return ask(async () => void (await transaction.exec()));
  }

  function leave(relay: string): Promise<void> {
    const { report, rooms, users } = keysOf(relay);
    return ask(async () => void (await client.multi().srem(RELAYS, relay).del(report, rooms, users).exec()));
  }

  function reports(): Promise<Map<string, RelayReport>> {
    return ask(async () => {
      const relays = await client.smembers(RELAYS);
      if (relays.length === 0) return new Map();
      const texts = await client.mget(relays.map((relay) => keysOf(relay).report));
      const gone = relays.filter((_, i) => texts[i] === null);
      // One that only stood still says so again, and is listed again.
      if (gone.length > 0) await client.srem(RELAYS, ...gone);
      const read = relays.map((relay, i) => [relay, reportIn(texts[i]!)] as const);
      return new Map(read.filter((one): one is [string, RelayReport] => one[1] !== undefined));
    });
  }

  function tallies(session_ids: readonly string[], but?: string): Promise<Tally[]> {
    return ask(async () => {
      const totals = session_ids.map(() => NOBODY);
      if (session_ids.length === 0) return totals;
      const relays = (await client.smembers(RELAYS)).filter((relay) => relay !== but);
      const said = await Promise.all(relays.map((relay) => client.hmget(keysOf(relay).rooms, ...session_ids)));
      for (const texts of said) {
        for (const [i, text] of texts.entries()) if (text !== null) totals[i] = addTallies(totals[i]!, tallyIn(text));
      }
      return totals;
    });
  }

  function rooms(): Promise<Map<string, Tallies>> {
    return ask(async () => {
      const relays = await client.smembers(RELAYS);
      const said = await Promise.all(relays.map((relay) => client.hgetall(keysOf(relay).rooms)));
      const tallied = (fields: Record<string, string>) =>
        new Map(Object.entries(fields).map(([session_id, text]) => [session_id, tallyIn(text)]));
      return new Map(relays.map((relay, i) => [relay, tallied(said[i]!)]));
    });
  }

  function uniqueUsers(): Promise<number> {
    return ask(async () => {
      const relays = await client.smembers(RELAYS);
      const keys = relays.map((relay) => keysOf(relay).users);
      return keys.length === 0 ? 0 : ((await client.eval(COUNT_UNION, keys.length, ...keys)) as number);
    });
  }

  return { say, leave, reports, tallies, rooms, uniqueUsers, close: async () => close() };
}

function partition(rooms: Tallies): [empty: [string, Tally][], occupied: [string, Tally][]] {
  const all = [...rooms];
  return [all.filter(([, { connections }]) => connections === 0), all.filter(([, { connections }]) => connections > 0)];
}

function inParts<T>(all: readonly T[]): T[][] {
  const parts: T[][] = [];
  for (let i = 0; i < all.length; i += FIELDS_AT_ONCE) parts.push(all.slice(i, i + FIELDS_AT_ONCE));
  return parts;
}

function fieldOf([session_id, { connections, listeners }]: [string, Tally]): [string, string] {
  return [session_id, `${connections} ${listeners}`];
}

function tallyIn(text: string): Tally {
  const [connections = 0, listeners = 0] = text.split(' ').map(Number);
  return { connections, listeners };
}

/** @returns undefined for none, and for what no relay of ours would say */
function reportIn(text: string | null): RelayReport | undefined {
  try {
    return text === null ? undefined : RelayReport.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
