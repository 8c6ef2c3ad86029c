/** What every poll and sync goes through before it asks a site, and how one that the site failed ends. */
import { OutboundError } from '../../src/core/definitions/outbound.ts';
import type { Queryable } from '../../src/core/sql/queryable.ts';
import type { Feed } from '../../src/feeds/feed.ts';
import type { Log } from '../../src/infra/telemetry/log.ts';
import type { Metrics } from '../../src/infra/telemetry/metrics.ts';
import { timings } from '../../src/infra/timings.ts';
import type { Fenced } from './jobs.ts';
import { createPlaces } from './places.ts';
import type { Sites } from './sites.ts';
import { type Asked, readSituation, type Situation } from './situation.ts';

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

export function createAnswering({ db, sites, metrics, log }: Options) {
  const takePlaces = createPlaces();

  /** Runs `work` for a job of the leader of now, about a feed that is enabled, beside fewer than `most` others of it. */
  return async function answering(
    { tick, ...asked }: Fenced & Asked,
    most: number,
    work: (feed: Feed, open: OpenSite, situation: Situation) => Promise<object>,
  ): Promise<object> {
    const skip = (outcome: 'fenced' | 'late' | 'gone' | 'busy') => {
      metrics.feedPolls.inc({ outcome });
      return { skipped: outcome };
    };
    const situation = await readSituation(db, asked);
    const { is_fenced, now_ms, feed } = situation;
    if (is_fenced) return skip('fenced');
    if (now_ms - tick * timings.feeds.tick_ms > timings.feeds.late_after_ms) return skip('late');
    if (feed?.state !== 'enabled') return skip('gone');
    const leave = takePlaces([
      [feed.id, most],
      [feed.institution_id, MOST_OF_INSTITUTION],
    ]);
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
