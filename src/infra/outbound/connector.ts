/**
 * Connects to addresses that were checked, and to no others: a name is resolved here, and the socket takes what was checked.
 * A name that leads elsewhere the next moment gains nothing.
 */
import { lookup } from 'node:dns/promises';
import { isIP, type LookupFunction } from 'node:net';
import { buildConnector } from 'undici';
import { OutboundError } from '../../core/definitions/outbound.ts';
import { unsentErrorOf } from './faults.ts';
import type { Networks } from './networks.ts';
import { createTurns } from './takeTurns.ts';

export interface Resolved {
  address: string;
  family: number;
}

export type Resolve = (host: string) => Promise<Resolved[]>;

interface ConnectorOptions {
  networks: Networks;
  resolve: Resolve;
  connect_ms: number;
  /** Certificates that sign those of the servers, in PEM form, in place of those that Node trusts. */
  ca?: string | undefined;
}

/**
 * Node resolves names on the few threads that files need, too: those whose servers are slow must not take them all, and a
 * name that many ask for takes one.
 */
export function createNames(resolve: Resolve): Resolve {
  const takingTurns = createTurns(2, 100);
  const underWay = new Map<string, Promise<Resolved[]>>();
  return (host) => {
    const before = underWay.get(host);
    if (before) return before;
    const asked = takingTurns('names', () => resolve(host)).finally(() => underWay.delete(host));
    underWay.set(host, asked);
    return asked;
  };
}

/** As the machine resolves names. @throws OutboundError `busy` */
export const resolveName: Resolve = createNames((host) => lookup(host, { all: true, verbatim: true }));

export function createConnector({ networks, resolve, connect_ms, ca }: ConnectorOptions): buildConnector.connector {
  return (options, callback) => {
    const { protocol, hostname } = options;
    const port = Number(options.port) || (protocol === 'https:' ? 443 : 80);
    const admits = (address: string) => networks.admits(address, protocol, port);
    const host = hostname.replace(/^\[|\]$/g, '');
    // No name, no lookup.
    if (isIP(host) !== 0 && !admits(host)) return callback(unsentErrorOf(new OutboundError('refused_address')), null);
    const connect = buildConnector({
      timeout: connect_ms,
      allowH2: false,
      rejectUnauthorized: true,
      lookup: lookupAmong(resolve, admits),
      ...(ca !== undefined && { ca }),
    });
    connect(options, (...[fault, socket]) =>
      fault === null ? callback(null, socket) : callback(unsentErrorOf(fault), null),
    );
  };
}

function lookupAmong(resolve: Resolve, admits: (address: string) => boolean): LookupFunction {
  return (host, options, callback) => {
    const admitted = resolve(host).then((addresses) => addresses.filter(({ address }) => admits(address)));
    admitted.then(
      (found) => {
        const [first] = found;
        if (first === undefined) callback(new OutboundError('refused_address'), '');
        else if (options.all) callback(null, found);
        else callback(null, first.address, first.family);
      },
      (fault: Error) => callback(fault, ''),
    );
  };
}
