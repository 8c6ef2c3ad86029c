/**
 * Network addresses as limits count them. What a header says of an address is believed of trusted proxies alone, and
 * only as far as each hop is one of them: the rest of the header is the client's own writing.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { BlockList, isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import type { Config } from './process/config.ts';

export interface Addresses {
  /**
   * The client's, as the peer's address or a trusted peer's header says it.
   * @returns IPv4 in dots, also where it came as IPv6; `unknown` where the connection is closed already
   */
  realAddress(peer: string | undefined, headers: IncomingHttpHeaders): string;
  /** No limit by address counts it. */
  isAllowlisted(address: string): boolean;
}

const UNKNOWN = 'unknown';
const USUAL_HEADER = 'x-forwarded-for';
/** Nobody has more proxies in a row; a header has room for thousands. */
const MAX_HOPS = 32;

export function createAddresses({
  TRUSTED_PROXIES,
  REAL_ADDRESS_HEADER,
  WS_ALLOWLIST,
}: Pick<Config, 'TRUSTED_PROXIES' | 'REAL_ADDRESS_HEADER' | 'WS_ALLOWLIST'>): Addresses {
  const isTrusted = among(TRUSTED_PROXIES);
  const names = [...REAL_ADDRESS_HEADER, USUAL_HEADER];

  function realAddress(peer: string | undefined, headers: IncomingHttpHeaders): string {
    let address = normalised(peer ?? '') ?? UNKNOWN;
    if (!isTrusted(address)) return address;
    const told = names.map((name) => headers[name]).find((text) => text !== undefined) ?? [];
    const hops = [told].flat().join().split(',').slice(-MAX_HOPS);
    for (const hop of hops.reverse()) {
      const next = normalised(hop);
      if (next === undefined) return address;
      address = next;
      if (!isTrusted(address)) return address;
    }
    return address;
  }

  return { realAddress, isAllowlisted: among(WS_ALLOWLIST) };
}

/** The address itself; of IPv6 the network of 64 bits, all of which one customer has. */
export function limitKey(address: string | undefined): string {
  const known = normalised(address ?? '');
  if (known === undefined) return UNKNOWN;
  if (isIP(known) === 4) return known;
  return `${ipaddr.IPv6.parse(known)
    .parts.slice(0, 4)
    .map((part) => part.toString(16))
    .join(':')}::/64`;
}

/** Some proxies write a port behind the address. */
const WITH_PORT = /^(?:\[([^\]]*)\]|([\d.]+))(?::\d{1,5})?$/;

/** Undefined where the text is no address. */
function normalised(text: string): string | undefined {
  const trimmed = text.trim();
  // Of these there is one way to write each.
  if (isIP(trimmed) === 4) return trimmed;
  const [, six, four] = WITH_PORT.exec(trimmed) ?? [];
  // The zone of a link-local address is this machine's business.
  const bare = (six ?? four ?? trimmed).replace(/%.*/, '');
  return isIP(bare) === 0 ? undefined : ipaddr.process(bare).toString();
}

/** @param networks in CIDR form */
export function among(networks: readonly string[]): (address: string) => boolean {
  if (networks.length === 0) return () => false;
  const list = new BlockList();
  for (const network of networks) {
    const [address, bits] = ipaddr.parseCIDR(network);
    const isMapped = address instanceof ipaddr.IPv6 && address.isIPv4MappedAddress() && bits >= 96;
    if (isMapped) list.addSubnet(address.toIPv4Address().toString(), bits - 96, 'ipv4');
    else list.addSubnet(address.toString(), bits, address.kind());
  }
  return (address) => address !== UNKNOWN && list.check(address, isIP(address) === 4 ? 'ipv4' : 'ipv6');
}
