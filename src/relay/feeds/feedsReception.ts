/** The feeds' part of a relay: listeners that follow many matches, let in and sent away on the same ways as those of sessions. */
import type { Scope } from '../../access/scope.ts';
import type { Queryable } from '../../core/sql/queryable.ts';
import type { Broadcast } from '../../infra/broadcast/broadcast.ts';
import type { Demand } from '../../infra/feeds/demand.ts';
import type { MatchFanout } from '../../infra/feeds/matchFanout.ts';
import type { Log } from '../../infra/telemetry/log.ts';
import type { Metrics } from '../../infra/telemetry/metrics.ts';
import { type AdmissionOptions, ANYBODY, createAdmission, type Door, NIL } from '../listeners/admission.ts';
import type { GuardAdmission } from '../listeners/admissionGuard.ts';
import { createVisitors, type Listeners } from '../listeners/listeners.ts';
import { NO_SEATS } from '../listeners/presenceLeases.ts';
import { LIVE_PROTOCOL } from '../listeners/protocol.ts';
import type { Reception } from '../listeners/reception.ts';
import type { ResumeTickets } from '../listeners/resumeTickets.ts';
import { startDemandLeases } from './demandLeases.ts';
import { FeedVisit } from './feedVisit.ts';
import { wordsOfRefusal } from './feedWords.ts';
import { createFollowedMatches } from './followedMatches.ts';
import { BEATS } from './heartbeat.ts';
import { createMatchReaders } from './matchReaders.ts';
import { createMatchRooms } from './matchRooms.ts';
import { watchMatches } from './matchWatch.ts';

export interface FeedsReception extends Reception {
  listeners: Listeners<FeedVisit>;
  close(): Promise<void>;
}

export interface FeedsReceptionOptions extends Omit<AdmissionOptions, 'door'> {
  db: Queryable;
  guard: GuardAdmission;
  resumeTickets: Pick<ResumeTickets, 'redeem' | 'issue'>;
  broadcast: Broadcast;
  fanout: MatchFanout;
  demand: Pick<Demand, 'hold' | 'release'>;
  metrics: Metrics;
  log: Log;
}

/** Where all connections to the feeds are: what each may see is asked of each match. */
const ALL_MATCHES: Scope = {
  ...{ assignment_id: NIL, session_id: NIL, institution_id: NIL, visibility: 'private' },
  ...{ roster: new Map(), replaced: new Set() },
};

export function openFeedsReception(options: FeedsReceptionOptions): FeedsReception {
  const { db, guard, tokens, config, broadcast, fanout, metrics, log } = options;
  const readers = createMatchReaders(db, fanout);
  const followed = createFollowedMatches((subscription, isFollowed) => {
    leases.note(subscription, isFollowed);
    metrics.matchSubscriptions.set(followed.count());
  });
  const leases = startDemandLeases({ demand: options.demand, followed: () => followed, log });
  const rooms = createMatchRooms({ readers, broadcast, log, onWithdrawn: (match_id) => watch.check([match_id]) });
  const watch = watchMatches({ readers, followed, rooms, broadcast, log });
  const visits = { rooms, readers, followed, tokens, beats: BEATS, metrics, log };
  const listeners = createVisitors({
    ...options,
    ...{ seats: NO_SEATS, observations: { note() {} } },
    open: (visitor, wire) => new FeedVisit(visitor, wire, visits),
    farewell: LIVE_PROTOCOL.farewell,
  });
  const door: Door = {
    anybody: config.LV_WS_REQUIRE_AUTH ? undefined : ANYBODY,
    boards: true,
    demandSession: async () => ALL_MATCHES,
  };

  async function close(): Promise<void> {
    watch.close();
    rooms.close();
    await leases.close();
  }

  return { admit: guard(createAdmission({ ...options, door })), listeners, inWords: wordsOfRefusal, close };
}
