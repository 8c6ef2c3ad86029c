/** A Redis looked at once, as `plearoll doctor` does: which it is, what speaks against it, and what is good to know. */
import type { Redis } from 'ioredis';
import { placesIn, readSlots, unique } from './findMaster.ts';
import { complaintOf, readTraits } from './redisFitness.ts';
import { asking, linkTo, ONCE, type RedisAccess, type RedisLink } from './redisLink.ts';
import { type Address, textOf } from './redisUrl.ts';

export interface Inspected {
  /** Which it is, and where. */
  text: string;
  complaints: string[];
  notes: string[];
}

/** @throws where none of it answers */
export async function inspectRedis(url: string, access: RedisAccess, mayEvict: boolean): Promise<Inspected> {
  const link = linkTo({ url, access, prefix: '' });
  return asking(link.make(ONCE), async (client) => {
    const version = versionIn(await client.info('server'));
    const { place, target } = link;
    if (target.kind === 'cluster') return inspectCluster(client, link, version, mayEvict);
    const complaint = complaintOf(await readTraits(client), link, mayEvict);
    const at = target.kind === 'sentinel' ? `${textOf(await link.find())}, found by Sentinels at ${place}` : place;
    return { text: `${version} at ${at}`, complaints: complaint === undefined ? [] : [complaint], notes: [] };
  });
}

/** Every node is asked: slots move, and a replica becomes a master. */
async function inspectCluster(client: Redis, link: RedisLink, version: string, mayEvict: boolean): Promise<Inspected> {
  const { place } = link;
  const asked = await link.find();
  const ranges = await readSlots(client);
  const nodes = unique(placesIn(ranges, 0, asked).nodes);
  const complaints = await Promise.all(nodes.map((node) => complaintOfNode(node, link, mayEvict)));
  if (!String(await client.cluster('INFO')).includes('cluster_state:ok')) {
    complaints.push(
      `the Cluster ${place} is down: cluster_state in CLUSTER INFO says whether slots or masters are missing`,
    );
  }
  const bare = unique(
    ranges.filter((range) => range.length < 4).map((range) => placesIn([range], range[0], asked).master!),
  );
  return {
    text: `${version}, a Cluster of ${nodes.length} nodes at ${place}`,
    complaints: complaints.filter((one) => one !== undefined),
    notes: bare.map((node) => `${textOf(node)} has no replica: what it keeps is away for as long as it is`),
  };
}

async function complaintOfNode(node: Address, link: RedisLink, mayEvict: boolean): Promise<string | undefined> {
  try {
    const traits = await link.ask(node, readTraits);
    return complaintOf(traits, { ...link, place: textOf(node) }, mayEvict);
  } catch (fault) {
    return `${textOf(node)}, a node of the Cluster: ${(fault as Error).message}`;
  }
}

/** Valkey says too which Redis it goes for. */
export function versionIn(info: string): string {
  const [, valkey] = /^valkey_version:(\S+)/m.exec(info) ?? [];
  if (valkey !== undefined) return `Valkey ${valkey}`;
  return /^redis_version:(\S+)/m.exec(info)?.[1] ?? 'unknown';
}
