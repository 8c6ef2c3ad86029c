/** What the settings say of Redis together: its URL, or the parts of one, and what goes with it. */
import { isLoopback } from '../loopback.ts';
import { parseRedisUrl } from './redisUrl.ts';

export interface RedisParts {
  REDIS_HOST?: string | undefined;
  REDIS_PORT?: string | undefined;
  REDIS_DB?: string | undefined;
  REDIS_PASSWORD?: string | undefined;
}

export interface RedisSettings extends RedisParts {
  NODE_ENV: string;
  REDIS_URL?: string | undefined;
  REDIS_CACHE_URL?: string | undefined;
  REDIS_CA_FILE?: string | undefined;
  REDIS_SENTINEL_PASSWORD?: string | undefined;
}

const HOST = /^([\w.-]+|\[[\da-f:.]+\]|[\da-f:]*:[\da-f:.]*)$/i;

/**
 * Without a host the other parts ask for nothing: Kubernetes sets REDIS_PORT by itself wherever a Service is called redis.
 *
 * @returns the URL, or what is wrong with its parts, a line each
 */
export function redisUrlOf(parts: RedisParts): { url?: string; problems: string[] } {
  const { REDIS_HOST: host, REDIS_PORT: port = '6379', REDIS_DB: db = '0', REDIS_PASSWORD: password } = parts;
  if (host === undefined) return { problems: [] };
  const problems: string[] = [];
  if (!HOST.test(host)) problems.push('REDIS_HOST: must be a name or an address; what has a scheme is a REDIS_URL');
  if (!/^\d{1,5}$/.test(port) || Number(port) < 1 || Number(port) > 65_535) {
    problems.push(
      'REDIS_PORT: must be a port; set it beside REDIS_HOST where Kubernetes made one of the Service redis',
    );
  }
  if (!/^\d{1,4}$/.test(db)) problems.push('REDIS_DB: must be the number of a database');
  if (problems.length > 0) return { problems };
  const login = password === undefined ? '' : `:${encodeURIComponent(password)}@`;
  const named = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
  return { url: `redis://${login}${named}:${port}/${db}`, problems };
}

/** What would be set in vain is a slip: nobody names an authority for what is not encrypted. */
export function redisProblems(settings: RedisSettings): string[] {
  const { NODE_ENV, REDIS_URL, REDIS_CACHE_URL, REDIS_CA_FILE, REDIS_SENTINEL_PASSWORD } = settings;
  const named = Object.entries({ REDIS_URL, REDIS_CACHE_URL }).filter(([, url]) => url !== undefined);
  const targets = named.map(([, url]) => parseRedisUrl(url!));
  const problems: string[] = [];
  if (REDIS_CA_FILE !== undefined && !targets.some(({ isEncrypted }) => isEncrypted)) {
    problems.push('REDIS_CA_FILE: is of no use without TLS: write rediss:// in the URL of Redis');
  }
  if (REDIS_SENTINEL_PASSWORD !== undefined && !targets.some(({ kind }) => kind === 'sentinel')) {
    problems.push('REDIS_SENTINEL_PASSWORD: is of no use without a URL like redis+sentinel://host:26379/master-name');
  }
  if (NODE_ENV !== 'production') return problems;
  const open = named.filter(([, url]) => isOpenToOthers(url!));
  return [
    ...problems,
    ...open.map(
      ([name]) => `${name}: names a Redis on another machine without a password, as in redis://:password@host`,
    ),
  ];
}

/** Everybody in its network could write jobs into a Redis that asks for nothing. */
function isOpenToOthers(text: string): boolean {
  const { kind, addresses, password } = parseRedisUrl(text);
  if (kind !== 'single') return password === undefined && addresses.some(({ host }) => !isLoopback(host));
  // A URL of another scheme has its host in brackets and in letters as they were written.
  const url = new URL(text.replace(/^rediss?:/, 'http:'));
  return url.password === '' && !isLoopback(url.hostname.replace(/^\[|\]$/g, ''));
}
