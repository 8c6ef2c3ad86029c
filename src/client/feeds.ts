/**
 * Follows matches, as boards do: many on one connection, each tier from its snapshot on, with every change in order and once.
 * Where a change does not lead on from what there is, or the connection was lost, a fresh snapshot takes its place.
 */
import type { JsonObject } from '../core/definitions/event.ts';
import type { Refused } from './endings.ts';
import { createFollowedMatches, type MatchEvent, type MatchTier, type Tier } from './followedMatches.ts';
import type { Line } from './line.ts';
import { createListeners, type Listeners } from './listeners.ts';
import { keepListening } from './listening.ts';
import { type ConnectOptions, feedsAddressOf, readOptions } from './options.ts';
import { isTerminal, type ServerMessage, UNAUTHENTICATED } from './protocol.ts';
import { createTokens } from './tokens.ts';

export type FeedsOptions = Pick<ConnectOptions, 'url' | 'token' | 'ticket' | 'WebSocket' | 'timing'>;

export interface FeedsEvents {
  /** A tier as it stands now; `changed` is null where all of it was told anew. */
  match: MatchTier & { changed: JsonObject | null };
  /** Events that are new, or are shown differently now; all that were given where tier 1 was told anew. */
  events: { match_id: string; events: readonly MatchEvent[] };
  /** A match that is not followed, or no more, and why; `unavailable` is asked for again. */
  refused: { match_id: string; code: string; detail: string };
  /** Connected; all that is followed is told anew. */
  open: undefined;
  /** The connection is lost, and made again by itself. */
  lost: undefined;
  /** The server will not have us. The client is closed. */
  error: Refused;
}

export interface FeedsClient {
  /** Follows these tiers of a match; said again, these and no others. A connection follows 25 matches. */
  subscribe(match_id: string, tiers?: readonly Tier[]): void;
  unsubscribe(match_id: string): void;
  /** As it was told last; undefined before that. */
  tier(match_id: string, tier: Tier): MatchTier | undefined;
  /** The last events of a match whose tier 1 is followed, oldest first. */
  events(match_id: string): readonly MatchEvent[];
  /** @returns what takes the callback away again */
  on<Name extends keyof FeedsEvents>(name: Name, callback: (what: FeedsEvents[Name]) => void): () => void;
  close(): void;
}

/** Options are read as those of a session's client, which names one. */
const NO_SESSION = '00000000-0000-0000-0000-000000000000';
const POLICY_VIOLATION = 1008;
/** After `unavailable`. */
const ASK_AGAIN_MS = 5_000;

export function feeds(options: FeedsOptions): FeedsClient {
  const { relay, timing, Socket, ...told } = readOptions({ ...options, session: NO_SESSION });
  const { on, emit } = createListeners<FeedsEvents>();
  const tokens = createTokens(told.token, told.ticket);
  const matches = createFollowedMatches();
  let ticket: string | undefined;
  /** While it is open. */
  let current: Line | undefined;
  const unavailable = createAskingAgain((match_id) => matches.isFollowed(match_id) && ask(match_id));

  const listening = keepListening({
    ...{ Socket, timing, tokens, hear },
    isFinal: (code, farewell) =>
      isFinal(code, farewell) && !(isUnauthenticated(code, farewell) && tokens.isRenewable()),
    question: { type: 'ping' },
    address: (token) => feedsAddressOf(relay(), { token, ticket }),
    isFarewell: ({ type, match_id }) => type === 'error' && typeof match_id !== 'string',
    onLost() {
      current = undefined;
      emit('lost', undefined);
    },
    onRefused(error) {
      unavailable.close();
      emit('error', error);
    },
  });

  function ask(match_id: string, tiers?: readonly Tier[]): void {
    current?.send({ type: 'subscribe', match_id, tiers: matches.ask(match_id, tiers) });
  }

  /** What a later version says besides is left alone. */
  const HEARD: Heard = {
    ...tellMatches(matches, emit, ask),
    state,
    error: refused,
    ping: (_, line) => line.send({ type: 'pong' }),
    TOKEN_EXPIRING: renew,
  };

  function hear(message: ServerMessage, line: Line): void {
    if (Object.hasOwn(HEARD, message.type)) HEARD[message.type]!(message, line);
  }

  function state({ state: now, resume_ticket, reconnect_in_ms }: ServerMessage, line: Line): void {
    if (typeof resume_ticket === 'string' && resume_ticket !== '') ticket = resume_ticket;
    if (now === 'draining' && typeof reconnect_in_ms === 'number') listening.comeBackIn(reconnect_in_ms);
    if (now !== 'open' || current === line) return;
    current = line;
    listening.arrived();
    emit('open', undefined);
    for (const match_id of matches.ids()) ask(match_id);
  }

  function refused({ match_id, code, detail }: { match_id: string; code: string; detail: string }): void {
    if (code !== 'unavailable') matches.leave(match_id);
    else if (!listening.isClosed()) unavailable.add(match_id);
    emit('refused', { match_id, code, detail });
  }

  function renew(_: ServerMessage, line: Line): void {
    void tokens.renew().then((token) => token !== undefined && line.send({ type: 'REAUTH', token }));
  }

  return {
    subscribe(match_id, tiers = [0]) {
      const id = match_id.toLowerCase();
      if (current) ask(id, tiers);
      else matches.ask(id, tiers);
    },
    unsubscribe(match_id) {
      const id = match_id.toLowerCase();
      if (matches.leave(id)) current?.send({ type: 'unsubscribe', match_id: id });
    },
    tier: (match_id, tier) => matches.tier(match_id.toLowerCase(), tier),
    events: (match_id) => matches.events(match_id.toLowerCase()),
    on,
    close() {
      unavailable.close();
      listening.close();
    },
  };
}

/** Matches that were unavailable are asked for again after a while. Of a client that is closed no timer is left. */
function createAskingAgain(ask: (match_id: string) => void) {
  const timers = new Map<string, ReturnType<typeof setTimeout>>();

  function add(match_id: string): void {
    clearTimeout(timers.get(match_id));
    const timer = setTimeout(() => {
      timers.delete(match_id);
      ask(match_id);
    }, ASK_AGAIN_MS);
    timers.set(match_id, timer);
  }

  function close(): void {
    for (const timer of timers.values()) clearTimeout(timer);
    timers.clear();
  }

  return { add, close };
}

// biome-ignore lint/suspicious/noExplicitAny: nothing that a server says has a type before it is looked at
type Heard = { readonly [type: string]: (what: any, line: Line) => void };

/** What is told of matches is kept and given out; where something is missing, the match is asked for again. */
function tellMatches(
  matches: ReturnType<typeof createFollowedMatches>,
  emit: Listeners<FeedsEvents>['emit'],
  ask: (match_id: string) => void,
): Heard {
  return {
    snapshot({ type: _, ...what }) {
      const tier = matches.snapshot(what);
      if (tier) emit('match', { ...tier, changed: null });
    },
    delta({ type: _, ...what }) {
      const tier = matches.delta(what);
      if (tier === 'gap') ask(what.match_id);
      else if (tier !== 'old') emit('match', { ...tier, changed: what.changed });
    },
    events_batch({ match_id, events }) {
      const news = matches.batch(match_id, events);
      if (news === 'gap') ask(match_id);
      else if (news !== 'old') emit('events', { match_id, events: news });
    },
  };
}

/** A refusal closes with one code whatever it is. */
function isUnauthenticated(code: number, farewell: ServerMessage | undefined): boolean {
  return code === UNAUTHENTICATED || (code === POLICY_VIOLATION && farewell?.code === 'auth_required');
}

function isFinal(code: number, farewell: ServerMessage | undefined): boolean {
  return isTerminal(code) || isUnauthenticated(code, farewell);
}
