/**
 * The leader's clock of feeds: each second it says which rounds are to be asked about now, as jobs of queue `default`; every
 * ten seconds it reads anew which there are and has missed rooms found. It keeps nothing that is missed when it dies: the
 * next leader begins with every round that is still open.
 */
import type { Queryable } from '../../src/core/sql/queryable.ts';
import type { Tier } from '../../src/feeds/matches/match.ts';
import type { FeedPace } from '../../src/feeds/pace/pace.ts';
import type { Demand } from '../../src/infra/feeds/demand.ts';
import type { Queues } from '../../src/infra/queue/queue.ts';
import type { Log } from '../../src/infra/telemetry/log.ts';
import type { Metrics } from '../../src/infra/telemetry/metrics.ts';
import { timings } from '../../src/infra/timings.ts';
import type { Leader } from '../ticks/tickLedger.ts';
import { createAsking } from './asking.ts';
import { createCascade } from './cascade.ts';
import { HEAL_ROOMS, POLL_ROUND, type PollJob, SYNC_FEED, type SyncJob } from './jobs.ts';
import { planPolls, pollId, type Target } from './polls.ts';
import { sameRounds } from './sameRounds.ts';
import { readDueSyncs, readTargets, type TargetRow } from './targets.ts';

export interface DispatcherOptions {
  /** Role `worker`. */
  db: Queryable;
  queues: Pick<Queues, 'queue'>;
  demand: Pick<Demand, 'demandOf'>;
  /** How each of these feeds does. */
  readPace(feeds: readonly TargetRow[]): Promise<FeedPace[]>;
  /** Beside 0, what the provider of a feed can be asked. */
  tiersOf(feed: Pick<TargetRow, 'provider' | 'mapping'>): readonly Tier[];
  metrics: Pick<Metrics, 'feedPolls'>;
  log: Log;
  /** The term to act in, while it can be trusted. */
  leader(): Leader | undefined;
  /** This machine's clock, in milliseconds since 1970. */
  wallClock(): number;
}

export interface Dispatcher {
  start(): void;
  /** Resolves when the tick under way is over. */
  close(): Promise<void>;
}

export function createDispatcher(options: DispatcherOptions): Dispatcher {
  const { db, queues, demand, readPace, tiersOf, metrics, log, leader, wallClock } = options;
  const { tick_ms, reconcile_every } = timings.feeds;
  const asking = createAsking({ queues, metrics, log });
  const cascade = createCascade();
  const due = new Map<string, number>();
  /** The hour in which a sync was last asked for: one that fails is asked for once in an hour, too. */
  const synced = new Map<string, number>();
  let targets: Target[] = [];
  let reconciledAt = Number.NEGATIVE_INFINITY;
  let lastTerm: number | undefined;
  let closing = false;
  let timer: NodeJS.Timeout | undefined;
  let ticking: Promise<void> = Promise.resolve();

  async function tick(): Promise<void> {
    const by = leader();
    if (!by) return;
    const number = Math.floor(wallClock() / tick_ms);
    if (by.term !== lastTerm) {
      due.clear();
      synced.clear();
      cascade.forget();
    }
    if (by.term !== lastTerm || number - reconciledAt >= reconcile_every || number < reconciledAt) {
      lastTerm = by.term;
      reconciledAt = number;
      await reconcile(number, by);
    }
    const polls = planPolls(targets, due, number, tick_ms);
    const jobs = polls.map((poll) => {
      const data: PollJob = { ...poll, term: by.term };
      return { name: POLL_ROUND, data, opts: { jobId: pollId(data) } };
    });
    await asking.add(jobs);
  }

  async function reconcile(number: number, { term }: Leader): Promise<void> {
    await asking.look();
    await asking.add([{ name: HEAL_ROOMS, data: { term }, opts: { jobId: `heal-${number}` } }]);
    const rows = await readTargets(db);
    targets = await targetsOf(rows);
    const hour = Math.floor((number * tick_ms) / 3_600_000);
    const wanting = (await readDueSyncs(db)).filter((feed_id) => synced.get(feed_id) !== hour);
    const syncs = wanting.map((feed_id) => ({
      name: SYNC_FEED,
      data: { feed_id, tick: number, term } satisfies SyncJob,
      opts: { jobId: `sync-${feed_id}-${hour}-${term}` },
    }));
    if (await asking.add(syncs)) for (const feed_id of wanting) synced.set(feed_id, hour);
  }

  async function targetsOf(rows: readonly TargetRow[]): Promise<Target[]> {
    if (rows.length === 0) return [];
    const ids = rows.flatMap(({ match_ids }) => match_ids);
    // Without Redis nobody is known to look on: rounds are asked about less often until it is back.
    const demands = await demand.demandOf(ids).catch(() => ids.map(() => 0));
    const byId = new Map(ids.map((id, i) => [id, demands[i]!]));
    const paces = await readPace(rows);
    const each = rows.map(({ feed_id, provider, mapping, round, phases, match_ids }, i) => ({
      ...{ feed_id, round, phases, tiers: tiersOf({ provider, mapping }) },
      subscriptions: match_ids.reduce((sum, id) => sum + byId.get(id)!, 0),
      ...{ health: paces[i]!.health, quota_used: paces[i]!.quota_used, breaker: paces[i]!.breaker },
    }));
    return cascade.share(each, sameRounds(rows), wallClock());
  }

  function start(): void {
    if (closing) return;
    ticking = tick().catch((err) => log.warn({ err }, 'dispatching polls failed; the next tick goes on'));
    void ticking.then(() => {
      if (!closing) timer = setTimeout(start, tick_ms - (wallClock() % tick_ms));
    });
  }

  async function close(): Promise<void> {
    closing = true;
    clearTimeout(timer);
    await ticking;
  }

  return { start, close };
}
