import ipaddr from 'ipaddr.js';

/** Can only this machine reach what listens on such a host? */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || (ipaddr.isValid(host) && ipaddr.process(host).range() === 'loopback');
}
