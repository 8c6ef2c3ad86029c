/**
 * Follows a session live, from a browser or from Node: every event's hash and link is verified as it arrives, with the same
 * code that made them, and a connection that is lost is resumed from the last event. docs/client.md.
 */
import type { JsonObject } from '../core/definitions/event.ts';
import { createBackoff } from './backoff.ts';
import { type ClockNow, createCountdown } from './countdown.ts';
import { Refused } from './endings.ts';
import { follow } from './follow.ts';
import type { Following } from './following.ts';
import type { Line } from './line.ts';
import { createListeners, type Listeners } from './listeners.ts';
import { addressOf, type ConnectOptions, readOptions } from './options.ts';
import { createPages } from './pages.ts';
import type { Position, SessionEvent, SnapshotData, SocketConstructor } from './protocol.ts';
import { createReaders } from './readers.ts';
import { createServerTime } from './serverTime.ts';
import { createTokens, type TokenSource } from './tokens.ts';
import { ChainBroken, createVerifiedChain, type FaultCode } from './verifiedChain.ts';

export { type Collecting, type CollectOptions, collect } from './collect.ts';
export { type FeedsClient, type FeedsEvents, type FeedsOptions, feeds } from './feeds.ts';
export type { MatchEvent, MatchTier, Tier } from './followedMatches.ts';
export {
  type GalleryEvents,
  type GalleryListener,
  type GalleryMessage,
  type GalleryOptions,
  type GalleryState,
  gallery,
} from './gallery.ts';
export type {
  ClockNow,
  ConnectOptions,
  FaultCode,
  Position,
  SessionEvent,
  SnapshotData,
  SocketConstructor,
  TokenSource,
};
export { ChainBroken, Refused };

/**
 * - connecting: not connected yet
 * - syncing: connected, and what was recorded meanwhile comes in
 * - live: everything that is recorded comes at once
 * - stale: the connection is lost, or stopped because a reader does not read; it is resumed by itself
 * - closed: by `close()`, by a refusal or because the chain is broken; for good
 */
export type State = 'connecting' | 'syncing' | 'live' | 'stale' | 'closed';

/** The state of a session as the server says it is at its head; nothing has confirmed it yet. */
export interface Snapshot {
  data: SnapshotData;
  verification: 'unverified';
}

export interface ClientEvents {
  /** The next event; verified, with all before it. */
  event: SessionEvent;
  snapshot: Snapshot;
  state: State;
  presence: JsonObject;
  /** The chain does not hold: what came before is verified, and nothing more is given out. */
  broken: ChainBroken;
  /** The server will not have us. */
  error: Refused;
}

export interface Client {
  readonly state: State;
  /** The last event that was given out. */
  readonly position: Position | null;
  /** @returns what takes the callback away again */
  on<Name extends keyof ClientEvents>(name: Name, callback: (what: ClientEvents[Name]) => void): () => void;
  /** The events from here on, each once. Ends with `close()`, throws what `broken` and `error` tell. */
  events(): AsyncIterableIterator<SessionEvent>;
  /** The clock of the turn under way as it stands now by the server's time; null where there is none. */
  clock(): ClockNow | null;
  /** Asks for a snapshot; a server gives one in five seconds. Without a connection nothing is asked. */
  requestState(): void;
  close(): void;
}

export function connect(options: ConnectOptions): Client {
  const { relay, api, session, begin, timing, Socket, ...told } = readOptions(options);
  const { on, emit } = createListeners<ClientEvents>();
  const aborter = new AbortController();
  const { signal } = aborter;
  const chain = createVerifiedChain(session, told.verify);
  const countdown = createCountdown();
  const time = createServerTime();
  const readers = createReaders(told.queue);
  const backoff = createBackoff(timing.first_wait_ms, timing.longest_wait_ms);
  const pages = createPages(api, session, chain, told.fetch, signal);
  const status = createStatus(emit, (error) => {
    aborter.abort();
    readers.end(error);
  });
  const { become, finish } = status;
  let ticket: string | undefined;
  let line: Line | undefined;
  if (begin) chain.begin(begin);

  const following: Following = {
    chain,
    countdown,
    time,
    pages,
    give(event) {
      if (signal.aborted) return false;
      readers.give(event);
      emit('event', event);
      return !readers.isFull() && !signal.aborted;
    },
    onSnapshot: (data) => emit('snapshot', { data, verification: 'unverified' }),
    onPresence: (presence) => emit('presence', presence),
    onWelcome(current) {
      line = current;
      become('syncing');
    },
    onLive() {
      backoff.reset();
      become('live');
    },
    onTicket(given) {
      ticket = given;
    },
  };
  const followed = follow({
    address: (token) =>
      addressOf(relay(), session, { token, ticket, last_sequence: chain.last()?.event_sequence, seat: told.seat }),
    tokens: createTokens(told.token, told.ticket),
    onLost: () => status.current() !== 'connecting' && become('stale'),
    whenRoom: readers.whenRoom,
    Socket,
    timing,
    backoff,
    following,
    signal,
  });
  followed.catch(finish);
  return {
    get state() {
      return status.current();
    },
    get position() {
      const { event_sequence, event_hash } = chain.last() ?? {};
      return event_hash === undefined ? null : { event_sequence: event_sequence!, event_hash };
    },
    on,
    events: readers.add,
    clock: () => countdown.at(time.now()),
    requestState: () => line?.send({ type: 'REQUEST_STATE' }),
    close: () => finish(),
  };
}

/** @param onEnd called once, before it is told */
function createStatus(emit: Listeners<ClientEvents>['emit'], onEnd: (error?: Error) => void) {
  let state: State = 'connecting';

  function become(next: State): void {
    if (state === next || state === 'closed') return;
    state = next;
    emit('state', next);
  }

  function finish(error?: Error): void {
    if (state === 'closed') return;
    onEnd(error);
    if (error instanceof ChainBroken) emit('broken', error);
    else if (error) emit('error', error as Refused);
    become('closed');
  }

  return { current: () => state, become, finish };
}
