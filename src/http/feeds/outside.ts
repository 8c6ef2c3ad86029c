/** What commands and questions of feeds are told of the outside. The API asks no site for anything: workers do. */
import { lookup } from 'node:dns/promises';
import { readFile } from 'node:fs/promises';
import { BlockList, isIP } from 'node:net';
import { join } from 'node:path';
import ipaddr from 'ipaddr.js';
import type { Outside } from '../../core/definitions/outside.ts';
import { withTimeout } from '../../core/withTimeout.ts';
import { type Config, feedSecretsFolder } from '../../infra/process/config.ts';

const LOOK_UP_WITHIN_MS = 3_000;
const RESTING = { health: 10_000, breaker: 'closed', quota: { limit: 60, used: 0 } } as const;

export function createOutside(config: Config): Outside {
  const isAllowed = among(config.FEED_ALLOWED_NETWORKS);
  const folder = feedSecretsFolder(config);

  async function faultOfAddress(url: string): Promise<string | undefined> {
    const { protocol, hostname } = new URL(url);
    const addresses = await addressesOf(hostname.replace(/^\[|\]$/g, ''));
    if (addresses.length > 0 && addresses.every(isAllowed)) return undefined;
    if (protocol !== 'https:') return 'must be an address of https';
    return addresses.every((address) => isAllowed(address) || isPublic(address))
      ? undefined
      : 'must lead to a public address';
  }

  async function faultOfSecret(institution_id: string, name: string, url: string): Promise<string | undefined> {
    const text = await readFile(join(folder, institution_id, name), 'utf8').catch(() => undefined);
    if (text === undefined) return 'there is no such secret of this institution';
    return originOf(text) === new URL(url).origin ? undefined : 'is of another site, or cannot be read';
  }

  return { faultOfAddress, faultOfSecret, readPaces: async (feeds) => feeds.map(() => RESTING) };
}

/** None where the name is unknown just now: a worker that asks later finds out. */
async function addressesOf(host: string): Promise<string[]> {
  if (isIP(host) !== 0) return [host];
  const found = withTimeout(lookup(host, { all: true }), LOOK_UP_WITHIN_MS, 'the name is not resolved');
  return (await found.catch(() => [])).map(({ address }) => address);
}

function isPublic(address: string): boolean {
  return ipaddr.process(address).range() === 'unicast';
}

function originOf(text: string): string | undefined {
  try {
    return new URL((JSON.parse(text) as { origin: string }).origin).origin;
  } catch {
    return undefined;
  }
}

function among(networks: readonly string[]): (address: string) => boolean {
  const list = new BlockList();
  for (const network of networks) {
    const [address, bits] = ipaddr.parseCIDR(network);
    list.addSubnet(address.toString(), bits, address.kind());
  }
  return (address) => list.check(address, isIP(address) === 4 ? 'ipv4' : 'ipv6');
}
