/** What every poll and sync goes through before it asks a site, and how one that the site failed ends. */
import { LRUCache } from 'lru-cache';
import { OutboundError } from '../../src/core/definitions/outbound.ts';
import type { Queryable } from '../../src/core/sql/queryable.ts';
import type { Feed } from '../../src/feeds/feed.ts';
import type { Log } from '../../src/infra/telemetry/log.ts';
import type { Metrics } from '../../src/infra/telemetry/metrics.ts';
import { timings } from '../../src/infra/timings.ts';
import type { Fenced } from './jobs.ts';
import { createPlaces } from './places.ts';
import type { Sites } from './sites.ts';
import { type Asked, readSituation, type Situation, type Skipped } from './situation.ts';

export type OpenSite = Awaited<ReturnType<Sites['open']>>;

interface Options {
  /** Role `worker`. */
  db: Queryable;
  sites: Pick<Sites, 'open'>;
  metrics: Pick<Metrics, 'feedPolls'>;
  log: Log;
}

/** Half of a worker's places (feedJobs.ts): sites that take long must leave the others to other institutions. */
const MOST_OF_INSTITUTION = 8;
/** Feeds whose institution is remembered. */
const MOST_OWNERS = 10_000;

export function createAnswering({ db, sites, metrics, log }: Options) {
  const places = createPlaces();
  /** A feed never goes over to another institution. */
  const owners = new LRUCache<string, string>({ max: MOST_OWNERS });

  const placesOf = (feed_id: string, most: number, institution_id: string | undefined) =>
    [
      [feed_id, most],
      ...(institution_id === undefined ? [] : [[institution_id, MOST_OF_INSTITUTION] as const]),
    ] as const;

  function skip(outcome: Skipped) {
    metrics.feedPolls.inc({ outcome });
    return { skipped: outcome };
  }

  /** Runs `work` for a job of the leader of now, about a feed that is enabled, beside fewer than `most` others of it. */
  return async function answering(
    { tick, ...asked }: Fenced & Omit<Asked, 'until_ms' | 'is_busy'>,
    most: number,
    work: (feed: Feed, open: OpenSite, situation: Situation) => Promise<object>,
  ): Promise<object> {
    const { feed_id } = asked;
    const until_ms = tick * timings.feeds.tick_ms + timings.feeds.late_after_ms;
    const is_busy = !places.areFree(placesOf(feed_id, most, owners.get(feed_id)));
    const situation = await readSituation(db, { ...asked, until_ms, is_busy });
    if (situation.skipped !== null) return skip(situation.skipped);
    const feed = situation.feed!;
    owners.set(feed_id, feed.institution_id);
    const leave = places.take(placesOf(feed_id, most, feed.institution_id));
    if (!leave) return skip('busy');
    try {
      const done = await work(feed, await sites.open(feed), situation);
      metrics.feedPolls.inc({ outcome: 'done' });
      return done;
    } catch (fault) {
      if (!(fault instanceof OutboundError)) throw fault;
      metrics.feedPolls.inc({ outcome: 'failed' });
      log.debug({ feed_id: feed.id, why: fault.code }, 'site of feed not read; the next poll asks again');
      return { failed: fault.code };
    } finally {
      leave();
    }
  };
}
