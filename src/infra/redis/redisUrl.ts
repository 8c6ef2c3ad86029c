/**
 * What a Redis URL leads to: one server, a Cluster of which some nodes are named, or the master that Sentinels watch.
 *
 *     redis://[user:password@]host[:6379][/db]
 *     redis+cluster://[user:password@]host[:6379],host[:6379]
 *     redis+sentinel://[user:password@]host[:26379],host[:26379]/master-name[/db]
 *
 * With `rediss` in place of `redis` it is reached over TLS. User and password are those of the servers that keep the keys.
 */
import { placeOf } from '../telemetry/absence.ts';

export type RedisKind = 'single' | 'cluster' | 'sentinel';

export interface Address {
  host: string;
  port: number;
}

export interface RedisTarget {
  kind: RedisKind;
  /** Of some nodes of the Cluster, or of the Sentinels; none where a library reads the URL of a single server. */
  addresses: Address[];
  isEncrypted: boolean;
  username: string | undefined;
  password: string | undefined;
  db: number;
  /** As the Sentinels call it. */
  master: string | undefined;
}

/** What is wrong with the URL, as a sentence after its setting's name. */
export class RedisUrlError extends Error {}

const PARTS = /^(rediss?)(?:\+(cluster|sentinel))?:\/\/(?:([^/?#@]*)@)?([^/?#@]+)(\/[^?#]*)?([?#].*)?$/;
const ADDRESS = /^(?:\[([\da-f:.]+)\]|([\w.-]+))(?::(\d{1,5}))?$/i;
const USUAL_PORT = { single: 6_379, cluster: 6_379, sentinel: 26_379 };
const FORMS =
  'must look like redis://host:6379, redis+cluster://host:6379,host:6379 or ' +
  'redis+sentinel://host:26379,host:26379/master-name';

/** @throws {RedisUrlError} */
export function parseRedisUrl(text: string): RedisTarget {
  const [, scheme, kind = 'single', login, hosts = '', path = '', more] = PARTS.exec(text) ?? [];
  if (scheme === undefined) throw new RedisUrlError(FORMS);
  const isEncrypted = scheme === 'rediss';
  if (kind === 'single') return singleOf(text, hosts, isEncrypted);
  if (more !== undefined) throw new RedisUrlError(`takes nothing after the hosts and the name: leave ${more} away`);
  const addresses = hosts.split(',').map((one) => addressOf(one, USUAL_PORT[kind as RedisKind]));
  const [username, password] = loginOf(login);
  const common = { addresses, isEncrypted, username, password };
  return kind === 'cluster'
    ? { ...common, kind, ...databaseOfCluster(path) }
    : { ...common, kind: 'sentinel', ...masterOf(path) };
}

/** Of all that URL names: what logs and refusals call it, without user and password. */
export function redisPlace(url: string): string {
  const { kind, addresses, master } = parseRedisUrl(url);
  if (kind === 'single') return placeOf(url, USUAL_PORT.single);
  return addresses.map(textOf).join(',') + (master === undefined ? '' : `/${master}`);
}

/** The same, and each address in it. */
export function redisPlaces(url: string | undefined): string[] {
  return url === undefined ? [] : [redisPlace(url), ...parseRedisUrl(url).addresses.map(textOf)];
}

export function textOf({ host, port }: Address): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

function singleOf(url: string, hosts: string, isEncrypted: boolean): RedisTarget {
  if (hosts.includes(',')) throw new RedisUrlError('names several hosts: write redis+cluster:// or redis+sentinel://');
  if (!URL.canParse(url)) throw new RedisUrlError(FORMS);
  const none = { username: undefined, password: undefined, master: undefined };
  return { kind: 'single', addresses: [], isEncrypted, ...none, db: 0 };
}

function addressOf(text: string, usualPort: number): Address {
  const [, ipv6, name, port] = ADDRESS.exec(text) ?? [];
  const address = { host: ipv6 ?? name ?? '', port: port === undefined ? usualPort : Number(port) };
  if (address.host === '' || address.port < 1 || address.port > 65_535) {
    throw new RedisUrlError(`names "${text}" where a host and its port are to be`);
  }
  return address;
}

function loginOf(text: string | undefined): [username: string | undefined, password: string | undefined] {
  if (text === undefined) return [undefined, undefined];
  const [username = '', ...password] = text.split(':');
  try {
    return [decodeURIComponent(username) || undefined, decodeURIComponent(password.join(':')) || undefined];
  } catch {
    throw new RedisUrlError('has a user or a password with a % that encodes nothing: write it as %25');
  }
}

function databaseOfCluster(path: string): Pick<RedisTarget, 'db' | 'master'> {
  if (!['', '/', '/0'].includes(path)) {
    throw new RedisUrlError(`leads to a Cluster, which has no numbered databases: leave ${path} away`);
  }
  return { db: 0, master: undefined };
}

function masterOf(path: string): Pick<RedisTarget, 'db' | 'master'> {
  const [, master, db] = /^\/([\w.-]+)(?:\/(\d{1,4}))?$/.exec(path) ?? [];
  if (master !== undefined) return { db: Number(db ?? 0), master };
  throw new RedisUrlError(
    'must name the master as the Sentinels call it, as in redis+sentinel://host:26379,host:26379/master-name',
  );
}
