/** Polls of the scoreboard of a round, as a worker answers them, in this process. */
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { createRoundStore } from '../../jobs/feeds/roundStore.ts';
import { createRounds, type RoundsOptions } from '../../jobs/feeds/rounds.ts';
import { createPace } from '../../src/feeds/pace/pace.ts';
import type { Scoreboard, Site } from '../../src/feeds/providers/provider.ts';
import { tabbycat } from '../../src/feeds/providers/tabbycat/tabbycat.ts';
import { createNetworks } from '../../src/infra/outbound/networks.ts';
import { createOutbounds } from '../../src/infra/outbound/outbound.ts';
import { openSharedStates } from '../../src/infra/pace/sharedStates.ts';
import { openPool } from '../../src/infra/postgres/database.ts';
import { readInstallationId, redisPrefix } from '../../src/infra/postgres/installation.ts';
import { openRedis } from '../../src/infra/redis/redis.ts';
import { createLog } from '../../src/infra/telemetry/log.ts';
import { createMetrics } from '../../src/infra/telemetry/metrics.ts';
import { timings } from '../../src/infra/timings.ts';
import type { SitesMessage } from './sites.ts';

export interface Polled {
  /** The site is asked over HTTP. */
  poll(): Promise<void>;
  /** What it answered the first time is at hand, and unchanged. */
  pollAtHand(): Promise<void>;
}

export interface Polling {
  /** Makes a feed of this site, and the matches of its first round. */
  open(site: SitesMessage['sites'][number]): Promise<Polled>;
  published(): number;
  close(): Promise<void>;
}

const TERM = 1;

export async function openPolling(databaseUrl: string, redisUrl: string): Promise<Polling> {
  const log = createLog('error', 'bench');
  const prefix = redisPrefix(await readInstallationId(databaseUrl, 'worker'));
  const redis = openRedis({ url: redisUrl, process: 'bench', prefix, log });
  const states = openSharedStates({ redis, prefix, log });
  const pace = createPace(states);
  const metrics = createMetrics();
  const outbounds = createOutbounds({ networks: createNetworks(['127.0.0.0/8']), metrics });
  const [db, feedsPool] = (['worker', 'feeds'] as const).map((role) =>
    openPool(databaseUrl, role, 2, (error) => console.error(error)),
  ) as [pg.Pool, pg.Pool];
  let published = 0;
  const publishMatch = async () => {
    published += 1;
  };
  const roundStore = createRoundStore({ db, feedsPool, publishMatch, touchRooms: () => {}, metrics, log });
  const answering = (sites: RoundsOptions['sites']) => createRounds({ db, sites, roundStore, metrics, log });

  async function open({ url, slug, token }: SitesMessage['sites'][number]): Promise<Polled> {
    const feed_id = randomUUID();
    await insertFeed(databaseUrl, feed_id, { url, slug });
    // More polls than a feed may make: the pace is kept, and its end left out.
    const gate = {
      enter: () => pace.enter(feed_id, Number.MAX_SAFE_INTEGER),
      leave: (sample: Parameters<typeof pace.leave>[1]) => pace.leave(feed_id, sample),
    };
    const outbound = outbounds.open({ feed_id, base_url: url, authorization: `Token ${token}`, gate });
    const site: Site = { feed_id, base_url: url, tournament: slug, mapping: null, outbound };
    const scoreboard: Scoreboard = { ...(await tabbycat.fetchScoreboard(site, 1)), unchanged: true };
    const schedule = await tabbycat.fetchSchedule(site, 1);
    const atHand = { ...tabbycat, fetchScoreboard: async () => scoreboard, fetchSchedule: async () => schedule };
    const [asked, replayed] = [tabbycat, atHand].map((provider) =>
      answering({ open: async () => ({ provider, site }) }),
    );
    const pollOf = (rounds: typeof asked) => async () => {
      const tick = Math.floor(Date.now() / timings.feeds.tick_ms);
      const answer = await rounds!.poll({ feed_id, round: 1, tier: 0, tick, term: TERM });
      if (!('matches' in answer)) throw new Error(`a poll ended with ${JSON.stringify(answer)}`);
    };
    return { poll: pollOf(asked), pollAtHand: pollOf(replayed) };
  }

  async function close(): Promise<void> {
    await outbounds.close();
    states.close();
    redis.close();
    await Promise.all([db.end(), feedsPool.end()]);
  }

  return { open, published: () => published, close };
}

async function insertFeed(
  databaseUrl: string,
  id: string,
  { url, slug }: { url: string; slug: string },
): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  await client.query(
    `insert into feeds (id, institution_id, provider, name, base_url, tournament, visibility, state, created_at, changed_at)
     values ($1, $2, 'tabbycat', 'Bench', $3, $4, 'institution', 'enabled', now(), now())`,
    [id, randomUUID(), url, slug],
  );
  await client.end();
}
