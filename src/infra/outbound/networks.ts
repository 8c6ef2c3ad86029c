/**
 * Which addresses may be connected to: public ones over https on its usual port, and whatever stands in the networks that the
 * operator has named, there over http and on any port too.
 */
import { BlockList } from 'node:net';
import ipaddr from 'ipaddr.js';
import { among } from '../addresses.ts';

export interface Networks {
  admits(address: string, protocol: string, port: number): boolean;
  /** Named by the operator. */
  isNamed(address: string): boolean;
}

const HTTPS_PORT = 443;

/** Of IPv6 nothing but this is given to anybody yet, and of it not the beginning, nor what is for examples. */
const IPV6_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3');
const NOT_ROUTED = new BlockList();
NOT_ROUTED.addSubnet('2001::', 23, 'ipv6');
NOT_ROUTED.addSubnet('3fff::', 20, 'ipv6');

/** @param named networks in CIDR form */
export function createNetworks(named: readonly string[]): Networks {
  const isNamed = among(named);
  return {
    isNamed: (address) => isNamed(plain(address)),
    admits: (address, protocol, port) =>
      isNamed(plain(address)) || (protocol === 'https:' && port === HTTPS_PORT && isPublic(address)),
  };
}

/** An IPv4 address that is written as one of IPv6 is named as what it is; the zone of a link-local one is this machine's business. */
function plain(address: string): string {
  return ipaddr.process(address.replace(/%.*/, '')).toString();
}

/** Addresses that stand for others, as those of 6to4, NAT64, Teredo and IPv4 within IPv6, are none: what they lead to is not seen. */
export function isPublic(address: string): boolean {
  const parsed = ipaddr.parse(address);
  if (parsed.range() !== 'unicast') return false;
  return parsed instanceof ipaddr.IPv4 || (parsed.match(IPV6_UNICAST) && !NOT_ROUTED.check(parsed.toString(), 'ipv6'));
}
