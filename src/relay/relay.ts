/**
 * The relay delivers committed events to whoever may listen: live, in order, without a hole or a repeat, healed from
 * Postgres. It reads only. It stands beside an HTTP server's other work and touches none of it.
 */
import type { Server as HttpServer } from 'node:http';
import type pg from 'pg';
import { createScopeCache } from '../access/scopeCache.ts';
import { createBatcher } from '../core/batcher.ts';
import type { Queryable } from '../core/sql/queryable.ts';
import { createAddresses } from '../infra/addresses.ts';
import type { Broadcast } from '../infra/broadcast/broadcast.ts';
import type { Cache } from '../infra/cache/cache.ts';
import type { Demand } from '../infra/feeds/demand.ts';
import type { MatchFanout } from '../infra/feeds/matchFanout.ts';
import type { Limiter } from '../infra/limiter/limiter.ts';
import { closeNotes, noteTokens } from '../infra/noteTokens.ts';
import type { Heartbeat } from '../infra/postgres/heartbeat.ts';
import type { ObserverLeases } from '../infra/presence/observers.ts';
import type { Presence } from '../infra/presence/presence.ts';
import type { Config } from '../infra/process/config.ts';
import type { Reports } from '../infra/reports/reports.ts';
import { answerRoomQuestions } from '../infra/reports/roomViews.ts';
import type { Resumption } from '../infra/resumption/resumption.ts';
import { createHeadSigner } from '../infra/signer/heads.ts';
import { signerFiles } from '../infra/signer/signerFiles.ts';
import type { Log } from '../infra/telemetry/log.ts';
import type { Metrics } from '../infra/telemetry/metrics.ts';
import type { Tokens } from '../infra/tokens.ts';
import { openConsoleReception } from './console/consoleReception.ts';
import { openFeedsReception } from './feeds/feedsReception.ts';
import { openGalleryReception } from './gallery/galleryReception.ts';
import { createAdmission, createLiveDoor } from './listeners/admission.ts';
import { createAdmissionGuard } from './listeners/admissionGuard.ts';
import { createAdmissionLimits } from './listeners/admissionLimits.ts';
import { backpressureOf, watchGuests } from './listeners/backpressure.ts';
import { startCensus } from './listeners/census.ts';
import { withGuestsOf } from './listeners/guests.ts';
import { createListeners } from './listeners/listeners.ts';
import { createObservationLeases } from './listeners/observationLeases.ts';
import { createOrigins } from './listeners/origins.ts';
import { createPresenceLeases } from './listeners/presenceLeases.ts';
import { startPresenceMessages } from './listeners/presenceMessages.ts';
import { createResumeTickets } from './listeners/resumeTickets.ts';
import { viewOf } from './listeners/roomView.ts';
import { startScopeCheck } from './listeners/scopeCheck.ts';
import { createTurnout } from './listeners/turnout.ts';
import { startHeadCheck } from './rooms/headCheck.ts';
import { createReaders } from './rooms/readers.ts';
import { createRooms } from './rooms/rooms.ts';
import { createFloodgate } from './transports/floodgate.ts';
import { canWriteBeneath } from './transports/readyFrames.ts';
import { routeRequests, routeUpgrades } from './transports/routes.ts';
import { createSocketIo } from './transports/socketio.ts';
import { createEventStreams } from './transports/sse.ts';
import { createWebSockets } from './transports/websocket.ts';

const COUNTS_AT_ONCE = 200;

export interface Relay {
  /** To be called when the server has its other request listeners, before it takes requests. */
  attach(server: HttpServer): void;
  /** Listeners that are connected. */
  connections(): number;
  /** Sends all listeners away, to come back elsewhere, and frees what the relay holds; the server stays. */
  close(): Promise<void>;
}

export interface RelayOptions {
  /** Of this relay, new at each start. */
  boot: string;
  installation: string;
  /** On role plearoll_relay. */
  pool: pg.Pool;
  broadcast: Broadcast;
  presence: Presence;
  observers: ObserverLeases;
  reports: Reports;
  resumption: Resumption;
  fanout: MatchFanout;
  demand: Demand;
  heartbeat: Pick<Heartbeat, 'alive' | 'served'>;
  cache: Pick<Cache, 'get' | 'put'>;
  limiter: Pick<Limiter, 'take'>;
  tokens: Tokens;
  /** What tokens are signed with, where that is a secret which all APIs and relays have. */
  shared?: string | undefined;
  config: Config;
  metrics: Metrics;
  log: Log;
}

export function createRelay(options: RelayOptions): Relay {
  const { boot: id, pool, broadcast, presence, observers, reports, resumption, limiter, fanout, demand } = options;
  const { tokens, config, installation, shared = installation, metrics, log } = options;
  const db: Queryable = pool;
  const scopes = createScopeCache(db);
  const counts = createBatcher<string, number>(
    COUNTS_AT_ONCE,
    (ids) => turnout.count(ids),
    () => true,
  );
  const heads = createHeadSigner(signerFiles(config, installation).headKey, log);
  const readers = createReaders(pool, counts.push, heads);
  const rooms = createRooms({ readers, broadcast, metrics, log });
  const stopHeadCheck = startHeadCheck({ rooms, readers, broadcast, log });
  const seats = createPresenceLeases({ id, presence, metrics, log });
  const observations = createObservationLeases({ observers, guests: () => listeners.guests.all(), log });
  const resumeTickets = createResumeTickets({ db, resumption, log });
  const listeners = createListeners({ rooms, seats, observations, tokens, resumeTickets, config, metrics, log });
  const isLetIn = createOrigins(config);
  const addresses = createAddresses(config);
  const demandRoom = createAdmissionLimits({ limiter, addresses, config });
  const guard = createAdmissionGuard({ addresses, isDraining: listeners.isDraining, metrics });
  const notes = noteTokens({ db, tokens, secret: config.SERVER_SECRET ?? shared, log });
  const entrance = { tokens, resumeTickets, isLetIn, ...notes, demandRoom, config };
  const admit = guard(createAdmission({ ...entrance, door: createLiveDoor(scopes) }));
  const gallery = openGalleryReception({ ...entrance, shared, db, guard, broadcast, metrics, log });
  const feeds = openFeedsReception({ ...entrance, db, guard, broadcast, fanout, demand, metrics, log });
  const consoles = openConsoleReception({ ...options, ...entrance, db, guard });
  const own = [gallery.listeners.guests, feeds.listeners.guests, consoles.listeners.guests];
  const everybody = withGuestsOf(listeners.guests, ...own);
  const describe = () => ({ backpressure: backpressureOf(everybody.all(), metrics.sent.overflows) });
  const census = startCensus({ id, reports, guests: everybody, describe, log });
  const stopWatch = watchGuests(everybody);
  const turnout = createTurnout({ id, reports, guests: listeners.guests, log });
  const stopPresence = startPresenceMessages({ db, turnout, rooms, guests: listeners.guests, log });
  const view = (session_id: string) => viewOf(session_id, rooms, listeners.guests.of(session_id));
  const stopAnswering = answerRoomQuestions({ broadcast, log }, id, view);
  const stopScopeCheck = startScopeCheck({ db, listeners, scopes, broadcast, log });
  const { PUBLIC_URL: public_url } = config;
  const { realAddress } = addresses;
  const receptions = { '/live': { admit, listeners }, '/gallery': gallery, '/feeds': feeds, '/console': consoles };
  const isWrittenBeneath = canWriteBeneath();
  if (!isWrittenBeneath) log.warn('ready frames cannot be written beneath ws, all goes through it');
  const floodgate = createFloodgate(metrics, { isWrittenBeneath });
  const socketIo = createSocketIo({ receptions, floodgate, isLetIn, realAddress, log });
  const webSockets = createWebSockets({ receptions, floodgate, realAddress, public_url, log });
  const eventStreams = createEventStreams({ admit, listeners, isLetIn, realAddress, public_url, log });

  function attach(server: HttpServer): void {
    socketIo.attach(server);
    routeRequests(server, eventStreams);
    routeUpgrades(server, webSockets, public_url);
  }

  async function close(): Promise<void> {
    // A listener that is not sent away yet is served as at any other time.
    const kinds = [listeners, gallery.listeners, feeds.listeners, consoles.listeners];
    const closed = await Promise.all(kinds.map((kind) => kind.drain()));
    const total_connections_closed = closed.reduce((sum, count) => sum + count, 0);
    stopHeadCheck();
    stopScopeCheck();
    stopPresence();
    stopWatch();
    stopAnswering();
    await Promise.all([census.close(), observations.close(), feeds.close(), closeNotes(notes)]);
    webSockets.close();
    eventStreams.close();
    socketIo.close();
    for (const part of [rooms, gallery, consoles, resumeTickets]) part.close();
    log.info({ total_connections_closed }, 'relay drained');
  }

  return { attach, connections: everybody.count, close };
}
