/**
 * How a change of a match reaches the boards that follow it: it is kept first, as the latest of its tier and at the end of
 * the match's stream of events, and then told to the followers of that tier. Writer and readers share this one module. It
 * promises nothing but speed: what is lost on the way is read from Postgres.
 */
import type { JsonObject } from '../../core/definitions/event.ts';
import type { Broadcast } from '../broadcast/broadcast.ts';
import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';

/** 0 is what a scoreboard shows, 1 what happened, 2 what is counted. */
export const TIERS = [0, 1, 2] as const;
export type Tier = (typeof TIERS)[number];

export interface TierState {
  /** One more with each published change of the match; not each concerns every tier. */
  version: number;
  /** Of the match's last event; 0 before the first. */
  seq: number;
  state: JsonObject;
}

/** One event of a match, by its number in it, from 1, and with whatever is shown of it. */
export interface MatchEvent {
  seq: number;
  [field: string]: unknown;
}

/** A change of one tier that was committed. */
export interface MatchChange extends TierState {
  match_id: string;
  tier: Tier;
  /** The fields of the state that have changed, each with its new value; null for one that is gone. */
  changed: JsonObject;
  /** Those that came with it, oldest first, and older ones that are shown differently now. */
  events: readonly MatchEvent[];
}

/** What followers of a tier hear. */
export type Heard = Omit<MatchChange, 'match_id' | 'tier'>;

/** What is kept of matches for a time. Two adapters, one contract test. @throws where it cannot be asked */
export interface MatchStore {
  /** A version older than the one that is kept is not kept, and nothing of a match that was withdrawn since: changes may come late. */
  keep(change: MatchChange): Promise<void>;
  /** What was read from Postgres, where nothing is kept. */
  keepState(match_id: string, tier: Tier, state: TierState): Promise<void>;
  readState(match_id: string, tier: Tier): Promise<TierState | undefined>;
  /** The latest of its stream by their numbers, each as it is shown last; none where the stream is gone. */
  readEvents(match_id: string): Promise<MatchEvent[]>;
  close(): void;
}

export interface MatchFanout extends Omit<MatchStore, 'keep' | 'close'> {
  /** After its commit. Never rejects: a failure is counted, and followers read what they did not hear. */
  publishMatch(change: MatchChange): Promise<void>;
  close(): void;
}

/** Keys and channels, without the installation's prefix. */
const SNAPSHOTS = ['scoreboard', 'events', 'stats'] as const;
export const snapshotKey = (match_id: string, tier: Tier) => `snap:match:${match_id}:${SNAPSHOTS[tier]}`;
export const streamKey = (match_id: string) => `stream:match:${match_id}:events`;
export const channelOf = (match_id: string, tier: Tier) => `fanout:match:${match_id}:tier:${tier}`;

export const SNAPSHOT_MS = 300_000;
/** Of a match's stream, after its last event. */
export const STREAM_MS = 6 * 3_600_000;
export const STREAM_LENGTH = 500;
/** So many of its last events are replayed. */
export const REPLAYED = 100;
/** Of one change: a slip of a provider must not fill Redis, nor every follower's socket. */
const MAX_LENGTH = 262_144;

interface FanoutOptions {
  store: MatchStore;
  broadcast: Pick<Broadcast, 'publish'>;
  metrics: Pick<Metrics, 'matchPublishes' | 'publishFailures'>;
  log: Pick<Log, 'debug' | 'error'>;
}

export function createMatchFanout({ store, broadcast, metrics, log }: FanoutOptions): MatchFanout {
  async function publishMatch(change: MatchChange): Promise<void> {
    const { match_id, tier } = change;
    const text = textOf(change);
    if (text.length > MAX_LENGTH) {
      metrics.publishFailures.inc();
      log.error({ match_id, tier, length: text.length }, 'change of a match is too large to be told; boards poll it');
      return;
    }
    // One that subscribes between the two finds it kept.
    const kept = store.keep(change);
    const told = kept.catch(() => {}).then(() => broadcast.publish(channelOf(match_id, tier), text));
    const [keeping, telling] = await Promise.allSettled([kept, told]);
    if (telling.status === 'fulfilled') metrics.matchPublishes.inc({ tier: String(tier) });
    const failed = [keeping, telling].find(({ status }) => status === 'rejected');
    if (!failed) return;
    metrics.publishFailures.inc();
    log.debug({ err: (failed as PromiseRejectedResult).reason, match_id }, 'telling of a match failed; boards poll it');
  }

  const { keepState, readState, readEvents, close } = store;
  return { publishMatch, keepState, readState, readEvents, close };
}

function textOf({ version, seq, changed, state, events }: Heard): string {
  return JSON.stringify({ version, seq, changed, state, events } satisfies Heard);
}

/** What a channel's message says. @returns undefined for what none of ours would say */
export function readHeard(text: string): Heard | undefined {
  try {
    const heard = JSON.parse(text) as Heard;
    return isTierState(heard) && isObject(heard.changed) && heard.events.every(isEvent) ? heard : undefined;
  } catch {
    return undefined;
  }
}

export function isTierState(one: unknown): one is TierState {
  return isObject(one) && isCount(one.version) && isCount(one.seq) && isObject(one.state);
}

/** Of a match that is shown no more nothing else is kept. */
export function isWithdrawn({ state }: Pick<TierState, 'state'>): boolean {
  return state.withdrawn === true;
}

export function isEvent(one: unknown): one is MatchEvent {
  return isObject(one) && isCount(one.seq);
}

/** The latest by their numbers, oldest first: of two with one number the later one counts. */
export function latestOf(events: Iterable<MatchEvent>): MatchEvent[] {
  const byNumber = new Map<number, MatchEvent>();
  for (const event of events) byNumber.set(event.seq, event);
  return [...byNumber.values()].sort((one, other) => one.seq - other.seq).slice(-REPLAYED);
}

function isObject(one: unknown): one is JsonObject {
  return typeof one === 'object' && one !== null && !Array.isArray(one);
}

function isCount(one: unknown): one is number {
  return Number.isSafeInteger(one) && (one as number) >= 0;
}
