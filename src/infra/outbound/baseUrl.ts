/** The URL of a site, as an admin gives it: judged before it is kept, and by the same rules at every connect. */
import { isIP } from 'node:net';
import { OutboundError } from '../../core/definitions/outbound.ts';
import { withTimeout } from '../../core/withTimeout.ts';
import { timings } from '../timings.ts';
import type { Resolve } from './connector.ts';
import type { Networks } from './networks.ts';

const MOST_CHARACTERS = 500;
const USUAL_PORTS: Record<string, number> = { 'http:': 80, 'https:': 443 };

/** @throws OutboundError `refused_url` */
export function parseBaseUrl(text: string): URL {
  const url = URL.canParse(text) && text.length <= MOST_CHARACTERS ? new URL(text) : undefined;
  const isPlain = url && url.username === '' && url.password === '' && url.search === '' && url.hash === '';
  if (!isPlain || USUAL_PORTS[url.protocol] === undefined || /[@?#\s\\]/.test(text))
    throw new OutboundError('refused_url');
  return url;
}

function portOf(url: URL): number {
  return url.port === '' ? USUAL_PORTS[url.protocol]! : Number(url.port);
}

/** The host without the brackets of IPv6. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '');
}

/**
 * @returns the URL without a slash at its end
 * @throws OutboundError where no request could ever go there. A name that cannot be resolved now may be so later.
 */
export async function demandBaseUrl(text: string, networks: Networks, resolve: Resolve): Promise<string> {
  const url = parseBaseUrl(text);
  const host = hostOf(url);
  const addresses = isIP(host) === 0 ? await resolved(host, resolve) : [{ address: host }];
  const isAdmitted = addresses.some(({ address }) => networks.admits(address, url.protocol, portOf(url)));
  if (!isAdmitted && addresses.length > 0) throw refusalOf(url, addresses, networks);
  if (addresses.length === 0 && url.protocol !== 'https:') throw new OutboundError('refused_url');
  return url.href.replace(/\/+$/, '');
}

/** What is wrong with the URL itself is told apart from where its name leads. */
function refusalOf(url: URL, addresses: { address: string }[], networks: Networks): OutboundError {
  const wouldDo = addresses.some(({ address }) => networks.admits(address, 'https:', 443));
  return new OutboundError(wouldDo || url.protocol !== 'https:' ? 'refused_url' : 'refused_address');
}

async function resolved(host: string, resolve: Resolve) {
  try {
    return await withTimeout(resolve(host), timings.outbound.connect_ms, 'the name was not resolved in time');
  } catch {
    return [];
  }
}
