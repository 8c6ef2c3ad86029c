/**
 * Where the server is that keeps an installation's keys: in a Cluster the master of the one slot that they share, with
 * Sentinels the master that these agreed on. Asked anew for every connection, of all that are known at once; the first
 * answer counts, because any of them may be away. An outdated answer leads to a server that says so itself.
 */
import type { Redis } from 'ioredis';
import { timings } from '../timings.ts';
import { type Address, type RedisTarget, textOf } from './redisUrl.ts';

export interface MasterFinder {
  /** @throws what the last of them said, or why none of them can know */
  find(): Promise<Address>;
  /** Why it can never be found there, and what to do; undefined while nothing speaks against it. */
  complaint(): string | undefined;
}

export interface MasterFinderOptions {
  target: RedisTarget;
  /** Begins all keys, with their hash tag. */
  prefix: string;
  /** Names the servers that are asked, in complaints. */
  place: string;
  /** Asks one server over a connection of its own. */
  ask<T>(address: Address, question: (client: Redis) => Promise<T>): Promise<T>;
}

/** An answer that another time does not change: what is there is no Cluster, or no Sentinel, or watches no such master. */
class WrongServerError extends Error {}

export function createMasterFinder({ target, prefix, place, ask }: MasterFinderOptions): MasterFinder {
  /** Nodes that a URL names may be taken out of a Cluster while a process runs. */
  let known = target.addresses;
  let complaint: string | undefined;
  let finding: Promise<Address> | undefined;

  /** All clients of a process lose their connection at once. */
  function find(): Promise<Address> {
    finding ??= look().finally(() => {
      setTimeout(() => {
        finding = undefined;
      }, timings.redis.find_again_ms).unref();
    });
    return finding;
  }

  async function look(): Promise<Address> {
    try {
      const found = await Promise.any(known.map(target.kind === 'cluster' ? askNode : askSentinel));
      complaint = undefined;
      return found;
    } catch (fault) {
      const faults: Error[] = (fault as AggregateError).errors;
      const wrong = faults.find((one) => one instanceof WrongServerError);
      // One that is silent now was wrong when it spoke.
      complaint = wrong?.message ?? complaint;
      throw wrong ?? faults[0];
    }
  }

  function askNode(address: Address): Promise<Address> {
    return ask(address, async (client) => {
      const slot = Number(await client.cluster('KEYSLOT', prefix).catch(explain));
      const { nodes, master } = placesIn(await readSlots(client), slot, address);
      if (master === undefined) throw new Error(`no node of the Cluster ${place} serves slot ${slot}`);
      known = unique([...target.addresses, ...nodes]);
      return master;
    });
  }

  function askSentinel(address: Address): Promise<Address> {
    return ask(address, async (client) => {
      const answer = await client.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', target.master!).catch(explain);
      if (!Array.isArray(answer)) {
        throw new WrongServerError(`the Sentinels at ${place} watch no master of that name: put REDIS_URL right`);
      }
      return { host: String(answer[0]), port: Number(answer[1]) };
    });
  }

  function explain(fault: Error): never {
    if (/cluster support disabled/i.test(fault.message)) {
      throw new WrongServerError(`Redis ${place} is no Cluster: write redis:// or rediss:// in its URL`);
    }
    if (/unknown command.*sentinel/i.test(fault.message)) {
      throw new WrongServerError(`Redis ${place} is no Sentinel: name the Sentinels, or write redis:// in its URL`);
    }
    throw fault;
  }

  return { find, complaint: () => complaint };
}

type Node = [host: string | null, port: number, ...unknown[]];
export type SlotRange = [from: number, to: number, master: Node, ...replicas: Node[]];

/** The slots of a Cluster, and who has them. */
export async function readSlots(client: Redis): Promise<SlotRange[]> {
  return (await client.call('CLUSTER', 'SLOTS')) as SlotRange[];
}

/** @param asked one that does not know its own address is reached where it was asked */
export function placesIn(
  ranges: readonly SlotRange[],
  slot: number,
  asked: Address,
): { master: Address | undefined; nodes: Address[] } {
  const addressOf = ([host, port]: Node) => ({ host: host && host !== '?' ? host : asked.host, port: Number(port) });
  const range = ranges.find(([from, to]) => from <= slot && slot <= to);
  const nodes = ranges.flatMap(([, , ...all]) => all.map(addressOf));
  return { master: range && addressOf(range[2]), nodes };
}

export function unique(addresses: readonly Address[]): Address[] {
  return [...new Map(addresses.map((address) => [textOf(address), address])).values()];
}
