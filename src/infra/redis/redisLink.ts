/**
 * Makes clients of whatever a Redis URL leads to. Of a Cluster and of Sentinels each client finds its server whenever it
 * connects: all keys of an installation bear one hash tag and stand in one slot, on one node, so that a client of a
 * single server is all it takes, and a failover is a connection that is made anew.
 */
import { connect as connectPlain, isIP, Socket } from 'node:net';
import { connect as connectEncrypted, type ConnectionOptions as TlsOptions } from 'node:tls';
import { AbstractConnector, type CommonRedisOptions, Redis, type RedisOptions } from 'ioredis';
import { timings } from '../timings.ts';
import { createMasterFinder, type MasterFinder } from './findMaster.ts';
import { type Address, parseRedisUrl, type RedisTarget, redisPlace } from './redisUrl.ts';

export type ClientOptions = Omit<CommonRedisOptions, 'replyMapping'>;

/** What it takes beside a URL. */
export interface RedisAccess {
  /** Certificates that sign those of the servers, in PEM form, in place of those that Node trusts. */
  ca: string | undefined;
  /** Of the Sentinels themselves. */
  sentinelPassword: string | undefined;
}

export interface RedisLink {
  target: RedisTarget;
  /** Names it, without user and password. */
  place: string;
  make(options: ClientOptions): Redis;
  /** Where its clients connect to now. Of a Cluster and of Sentinels alone. @throws where nobody can say */
  find(): Promise<Address>;
  /** Asks one server, whichever of them it is, over a connection of its own. @throws what it answers, or why it does not */
  ask<T>(address: Address, question: (client: Redis) => Promise<T>): Promise<T>;
  /** Why nothing of the kind can be found there, and what to do. */
  complaint(): string | undefined;
}

export interface RedisLinkOptions {
  url: string;
  access: RedisAccess | undefined;
  /** Begins all keys, with their hash tag. */
  prefix: string;
}

const DISCONNECT_WITHIN_MS = 500;

export function linkTo({ url, access, prefix }: RedisLinkOptions): RedisLink {
  const target = parseRedisUrl(url);
  const place = redisPlace(url);
  const { kind, username, password, db } = target;
  const tlsFor = (host: string): TlsOptions => ({
    ...(access?.ca !== undefined && { ca: access.ca }),
    ...(isIP(host) === 0 && { servername: host }),
  });
  const login = kind === 'sentinel' ? { password: access?.sentinelPassword } : { username, password };

  async function ask<T>(address: Address, question: (client: Redis) => Promise<T>): Promise<T> {
    const client = new Redis({
      ...address,
      ...withoutNothing(login),
      ...(target.isEncrypted && { tls: tlsFor(address.host) }),
      ...ONCE,
    });
    return asking(client, question);
  }

  const finder = createMasterFinder({ target, prefix, place, ask });
  const open = ({ host, port }: Address) =>
    target.isEncrypted ? connectEncrypted({ host, port, ...tlsFor(host) }) : connectPlain({ host, port });
  const found: ClientOptions & Pick<RedisOptions, 'tls'> = {
    ...withoutNothing({ username, password }),
    db,
    ...(target.isEncrypted && { tls: {} }),
    Connector: connectorTo(finder, open),
  };
  const given: Pick<RedisOptions, 'tls'> = {
    ...(access?.ca !== undefined && target.isEncrypted && { tls: { ca: access.ca } }),
  };
  return {
    target,
    place,
    make: (options) =>
      kind === 'single' ? new Redis(url, { ...options, ...given }) : new Redis({ ...options, ...found }),
    find: finder.find,
    ask,
    complaint: finder.complaint,
  };
}

/** For one look. */
export const ONCE = {
  lazyConnect: true,
  connectTimeout: timings.redis.connect_within_ms,
  commandTimeout: timings.redis.connect_within_ms,
  disconnectTimeout: DISCONNECT_WITHIN_MS,
  enableReadyCheck: false,
  maxRetriesPerRequest: 0,
  retryStrategy: () => null,
};

/** One that is not connected yet; it is closed afterwards. */
export async function asking<T>(client: Redis, question: (client: Redis) => Promise<T>): Promise<T> {
  let fault: Error | undefined;
  client.on('error', (error) => {
    fault ??= error;
  });
  try {
    await client.connect();
    return await question(client);
  } catch (error) {
    // What is thrown says only that the connection is closed.
    throw (error as Error).name === 'ReplyError' ? error : (fault ?? error);
  } finally {
    client.disconnect();
  }
}

function connectorTo(finder: MasterFinder, open: (address: Address) => Socket) {
  return class extends AbstractConnector {
    constructor() {
      super(DISCONNECT_WITHIN_MS);
    }

    async connect(): Promise<Socket> {
      this.connecting = true;
      const stream = await finder.find().then(open, (fault: Error) => {
        // As if it had been refused: the client then comes again by itself.
        this.firstError = fault;
        return new Socket().destroy();
      });
      if (!this.connecting) {
        stream.destroy();
        throw new Error('Connection is closed.');
      }
      stream.once('error', (fault) => {
        this.firstError = fault;
      });
      this.stream = stream;
      return stream;
    }

    /** Where the server may not be asked, its writes tell. */
    override check({ role }: { role?: string }): boolean {
      return role === undefined || role === 'master';
    }
  };
}

function withoutNothing<T extends object>(options: T): { [K in keyof T]: NonNullable<T[K]> } {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given) as { [K in keyof T]: NonNullable<T[K]> };
}
