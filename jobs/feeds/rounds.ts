/**
 * Reading rounds of feeds for boards: a poll of one tier of a round, shared by all its matches, and the sync of a whole
 * schedule. What a site says is stored and told; where a site fails, what stands stays, and the next poll asks again.
 */
import { LRUCache } from 'lru-cache';
import { OutboundError } from '../../src/core/definitions/outbound.ts';
import type { Queryable } from '../../src/core/sql/queryable.ts';
import type { Feed } from '../../src/feeds/feed.ts';
import { updatesOfEvents, updatesOfStandings } from '../../src/feeds/matches/extras.ts';
import type { KnownMatch } from '../../src/feeds/matches/feedUpdates.ts';
import type { Score } from '../../src/feeds/matches/match.ts';
import { isPublished } from '../../src/feeds/matches/phases.ts';
import { readRound } from '../../src/feeds/matches/readRound.ts';
import type { Round, Schedule, Scoreboard } from '../../src/feeds/providers/provider.ts';
import type { Log } from '../../src/infra/telemetry/log.ts';
import type { Metrics } from '../../src/infra/telemetry/metrics.ts';
import { timings } from '../../src/infra/timings.ts';
import { createAnswering, type OpenSite } from './answering.ts';
import type { PollJob, SyncJob } from './jobs.ts';
import { type RoundStore, withoutDraw } from './roundStore.ts';
import type { Sites } from './sites.ts';
import type { Situation } from './situation.ts';

export interface RoundsOptions {
  /** Role `worker`. */
  db: Queryable;
  sites: Pick<Sites, 'open'>;
  roundStore: RoundStore;
  metrics: Pick<Metrics, 'feedPolls'>;
  log: Log;
}

const AHEAD_MS = 7 * 24 * 3_600_000;
/** Of the draws that are kept, together. */
const MOST_DEBATES = 50_000;
const DRAW_STANDS_MS = 60_000;
/** A site that takes long must leave places to others: the next poll asks again. */
const MOST_UNDER_WAY = 4;

export function createRounds({ db, sites, roundStore, metrics, log }: RoundsOptions) {
  const { store, storeRound, withdrawOthers } = roundStore;

  /**
   * The draw of each round as it was read last, as far as it may stand for the site's: for a while, since names of rooms and
   * teams change without a word in the scoreboard, and another process may have read a newer one.
   */
  const draws = new LRUCache<string, Round>({
    ...{ maxSize: MOST_DEBATES, sizeCalculation: ({ debates }) => 1 + debates.length, ttl: DRAW_STANDS_MS },
  });

  const answering = createAnswering({ db, sites, metrics, log });

  async function poll({ tier, ...job }: PollJob): Promise<object> {
    const draw = tier === 0 ? draws.get(keyOf(job)) : undefined;
    const asked = { ...job, debates: draw?.debates.map(({ id }) => id) ?? [] };
    return answering(asked, MOST_UNDER_WAY, async (feed, open, situation) => {
      if (tier === 0) return pollScoreboard(feed, open, { situation, draw, job });
      const { known, now_ms } = situation;
      if (tier === 1) {
        const events = await open.provider.fetchEvents(open.site, job.round);
        return store(updatesOfEvents(known, events, new Date(now_ms).toISOString()));
      }
      return store(updatesOfStandings(known, await open.provider.fetchStats(open.site)));
    });
  }

  /** The draw is read with it where the site says that anything has changed, or where it is not known here. */
  async function pollScoreboard(feed: Feed, open: OpenSite, { situation, draw: before, job }: Polling) {
    const { provider, site } = open;
    const { round, tick } = job;
    const { known } = situation;
    const scoreboard = await scoreboardIn(open, round, scoresOf(known));
    const key = keyOf(job);
    if (!scoreboard.unchanged || !draws.has(key)) {
      draws.delete(key);
      const read = isPublished(scoreboard) ? (await provider.fetchSchedule(site, round)).rounds : [];
      const draw = read.find(({ seq }) => seq === round);
      if (draw) draws.set(key, draw);
    }
    const draw = draws.get(key);
    // What the debates of another draw were imported as was not looked up.
    return storeRound(feed, { round, draw, scoreboard, known, tick, ...(draw === before && { situation }) });
  }

  /** What an admin had read. @param asked_ms when its site was asked: what polls have read since is newer */
  async function storeAsked(feed: Feed, schedule: Schedule, asked_ms: number, isWhole: boolean): Promise<void> {
    const tick = Math.floor(asked_ms / timings.feeds.tick_ms);
    await storeSchedule(feed, schedule, tick, { soon_ms: Infinity, isWhole });
  }

  /** Every round of a schedule, results included. */
  async function storeSchedule(feed: Feed, { rounds }: Schedule, tick: number, reach: Reach): Promise<void> {
    for (const draw of rounds) {
      draws.set(keyOf({ feed_id: feed.id, round: draw.seq }), draw);
      const known = await readRound(db, feed.id, draw.seq);
      const isFar = draw.starts_at !== null && Date.parse(draw.starts_at) > reach.soon_ms;
      if (known.length === 0 && (isFar || !isPublished(draw))) continue;
      const hasResults = isPublished(draw) && draw.debates.some(({ result }) => result === 'confirmed');
      const scoreboard = hasResults ? await scoreboardOf({ sites, log }, feed, draw.seq, scoresOf(known)) : undefined;
      // What stands stays, of a silent round what was released: the next poll says what holds.
      if (hasResults && !scoreboard && known.length > 0) continue;
      await storeRound(feed, { round: draw.seq, draw, scoreboard, known, tick });
    }
    if (reach.isWhole) await withdrawOthers(feed, rounds, tick);
  }

  async function sync(job: SyncJob): Promise<object> {
    const asked = { ...job, round: null, debates: [] };
    return answering(asked, Infinity, async (feed, { provider, site }, { now_ms }) => {
      const schedule = await provider.fetchSchedule(site);
      await storeSchedule(feed, schedule, job.tick, { soon_ms: now_ms + AHEAD_MS, isWhole: true });
      await db.query(SYNCED, [feed.id]);
      return { rounds: schedule.rounds.length };
    });
  }

  return { poll, sync, storeAsked };
}

export type Rounds = ReturnType<typeof createRounds>;

interface Reach {
  /** What begins later waits for a later sync. */
  soon_ms: number;
  /** The schedule is all that there is. */
  isWhole: boolean;
}

interface Polling {
  situation: Situation;
  /** As it was read last, where it still stands. */
  draw: Round | undefined;
  job: Omit<PollJob, 'tier'>;
}

const keyOf = ({ feed_id, round }: Pick<PollJob, 'feed_id' | 'round'>) => `${feed_id} ${round}`;

const SYNCED = `
  insert into feed_states (feed_id, last_sync) values ($1, clock_timestamp())
  on conflict (feed_id) do update set last_sync = excluded.last_sync`;

/** @throws OutboundError where the site fails, or its tournament is not there */
async function scoreboardIn(
  { provider, site }: OpenSite,
  round: number,
  known: Map<string, Score>,
): Promise<Scoreboard> {
  try {
    return await provider.fetchScoreboard(site, round, known);
  } catch (fault) {
    const isNotThere = fault instanceof OutboundError && fault.code === 'not_there';
    if (!isNotThere || (await provider.fetchSchedule(site, round)).rounds.length > 0) throw fault;
    return withoutDraw(round);
  }
}

/** Shown already: they are not asked for again. */
function scoresOf(known: readonly KnownMatch[]): Map<string, Score> {
  return new Map(known.flatMap(({ row, state }) => (state.score ? [[row.provider_id!, state.score]] : [])));
}

/** Scores that are known are asked for too: a ballot may have been corrected. Those beyond what is asked at once stand. */
async function scoreboardOf(
  { sites, log }: Pick<RoundsOptions, 'sites' | 'log'>,
  feed: Feed,
  round: number,
  known: Map<string, Score>,
): Promise<Scoreboard | undefined> {
  try {
    const { provider, site } = await sites.open(feed);
    return await provider.fetchScoreboard(site, round, known, true);
  } catch (fault) {
    if (!(fault instanceof OutboundError)) throw fault;
    log.debug({ feed_id: feed.id, round, why: fault.code }, 'results not read; the next poll asks again');
    return undefined;
  }
}
