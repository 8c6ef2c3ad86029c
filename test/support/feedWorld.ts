/**
 * A model of everything around the connections of boards: a match that changes, a broadcast that loses, doubles, delays and
 * shuffles, a Postgres that is slow or away, what is kept in Redis, and clients that check all that they are told. Time is
 * virtual, chance is given.
 */
import { randomUUID } from 'node:crypto';
import pino from 'pino';
import { channelOf, type Heard, type MatchEvent, type Tier } from '../../src/infra/feeds/matchFanout.ts';
import { createMetrics } from '../../src/infra/telemetry/metrics.ts';
import { FeedVisit } from '../../src/relay/feeds/feedVisit.ts';
import { createFollowedMatches } from '../../src/relay/feeds/followedMatches.ts';
import { BEATS } from '../../src/relay/feeds/heartbeat.ts';
import type { MatchTier } from '../../src/relay/feeds/matchReaders.ts';
import { createMatchRooms } from '../../src/relay/feeds/matchRooms.ts';
import { watchMatches } from '../../src/relay/feeds/matchWatch.ts';
import type { Json } from './client.ts';
import { faultsOf } from './liveFrames.ts';

export const match_id = '018f3c1e-7b2a-7c11-9d0e-2f4b6a8c0e30';
export const metrics = createMetrics();
const log = pino({ level: 'silent' });
const TIERS = [0, 1] as const;
const SLOW_BATCH = 4;

/** What a world does wrong, to see that the model notices. */
export type Mutant = 'is not watched' | 'drops deltas' | 'repeats deltas' | undefined;

/** The match after each of its versions. */
interface Version {
  state: Json;
  events: MatchEvent[];
}

export type FeedWorld = ReturnType<typeof createFeedWorld>;
export type FeedClient = ReturnType<FeedWorld['join']>;

export function createFeedWorld(random: () => number, mutant?: Mutant) {
  const history: Version[] = [{ state: { phase: 'live' }, events: [] }];
  const heard = new Map<string, Set<(text: string) => void>>();
  const clients: { faults: string[]; hasLeft(): boolean; end(): void }[] = [];
  let kept: number | undefined;
  let isAway = false;

  const within = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, random() * ms));
  const latest = () => history.length - 1;

  function tierAt(version: number, tier: Tier): MatchTier {
    const { state, events } = history[version]!;
    return {
      version,
      seq: events.length,
      state: tier === 0 ? state : {},
      events: tier === 1 ? events.slice(-100) : [],
    };
  }

  /** As of some moment between question and answer. */
  async function answered<T>(look: () => T): Promise<T> {
    await within(20);
    if (isAway) throw new Error('connection refused');
    const answer = look();
    await within(random() < 0.1 ? 300 : 20);
    return answer;
  }

  const scope = { assignment_id: '', session_id: null, institution_id: '', visibility: 'public' as const };
  const match = { ...scope, id: match_id, scope: null } as never;
  const readers = {
    find: () => answered(() => ({ match, version: latest() })),
    findAll: () => answered(() => new Map([[match_id, { match, version: latest() }]])),
    // What is kept may be older than what stands in Postgres.
    read: (_: string, tier: Tier) => answered(() => tierAt(kept ?? latest(), tier)),
    readRecorded: (_: string, tier: Tier) => answered(() => tierAt(latest(), tier)),
  };
  const broadcast = {
    publish: async () => {},
    async subscribe(channel: string, listener: (text: string) => void) {
      await within(random() < 0.2 ? 3_000 : 20);
      const listeners = heard.get(channel) ?? new Set();
      heard.set(channel, listeners.add(listener));
      return async () => void listeners.delete(listener);
    },
    onInterruption() {},
    isConnected: () => true,
    close: async () => {},
  };
  const followed = createFollowedMatches(() => {});
  const rooms = createMatchRooms({ readers, broadcast, log, onWithdrawn() {} });
  const watch = mutant === 'is not watched' ? undefined : watchMatches({ readers, followed, rooms, broadcast, log });
  const options = { rooms, readers, followed, tokens: {} as never, beats: BEATS, metrics, log };

  /** Commits a change of one tier and announces it, as well as the broadcast can. */
  function change(tier: 0 | 1, fate?: 'lost'): void {
    const { state, events } = history[latest()]!;
    const n = history.length;
    const changed = tier === 0 ? { [`field ${n % 3}`]: n } : {};
    const added = tier === 1 ? [{ seq: events.length + 1, n }] : [];
    history.push({ state: { ...state, ...changed }, events: [...events, ...added] });
    const told: Heard = { ...tierAt(n, tier), changed, events: added };
    const isKept = random() < 0.8;
    if (isKept) kept = n;
    const copies = fate === 'lost' || random() < 0.2 ? 0 : random() < 0.2 ? 2 : 1;
    for (let i = 0; i < copies; i += 1) announce(tier, JSON.stringify(told), random() < 0.3 ? 200 : 2);
  }

  function announce(tier: Tier, text: string, delay_ms: number): void {
    setTimeout(() => {
      for (const listener of heard.get(channelOf(match_id, tier)) ?? []) listener(text);
    }, random() * delay_ms);
  }

  function loseDatabase(ms: number): void {
    isAway = true;
    setTimeout(() => {
      isAway = false;
    }, ms);
  }

  function join(isSlow: boolean) {
    const client = createFeedClient();
    const visit: FeedVisit = new FeedVisit(
      visitorOf(() => client.end()),
      wireOf(client, isSlow, () => visit.onTaken()),
      options,
    );
    visit.start('ticket');
    const ask = () =>
      visit.receive({ bytes: 0, isText: true, parse: () => ({ type: 'subscribe', match_id, tiers: [...TIERS] }) });
    ask();
    const leave = () => {
      client.end();
      visit.leave();
    };
    const joined = { ...client, ask, leave };
    clients.push(joined);
    return joined;
  }

  function wireOf(client: ReturnType<typeof createFeedClient>, isSlow: boolean, onTaken: () => void) {
    let buffered = 0;
    return {
      isOpen: () => !client.hasLeft(),
      write({ messages }: { messages: readonly { text: string }[] }) {
        for (const { text } of messages) {
          const message = JSON.parse(text) as Json;
          const isDelta = message.type === 'delta';
          if (!(mutant === 'drops deltas' && isDelta && random() < 0.1)) client.take(message, history);
          if (mutant === 'repeats deltas' && isDelta && random() < 0.1) client.take(message, history);
        }
        buffered += messages.length;
        if (!isSlow || buffered < SLOW_BATCH) return true;
        setTimeout(() => {
          buffered = 0;
          onTaken();
        }, random() * 2_000);
        return false;
      },
      close: () => client.end(),
    };
  }

  function end(): void {
    watch?.close();
    rooms.close();
  }

  /** @returns everything that was wrong, and of those that are there whether they have all */
  function faults(): string[] {
    const now = history[latest()]!;
    return clients.flatMap((client) => [...client.faults, ...(client as FeedClient).lacks(now)]);
  }

  return { change, announce, loseDatabase, join, end, faults, clients };
}

function visitorOf(onSlow: () => void) {
  const identity = { actor: { id: 'board', role: 'participant', institution_id: null } };
  return { admitted: { connection_id: randomUUID(), identity } as never, onSlow, onEnd() {} };
}

/** It has what it was told, and compares that with the match as it was at that version. */
function createFeedClient() {
  const faults: string[] = [];
  const messages: Json[] = [];
  let [state, seqs]: [Json | undefined, number[] | undefined] = [undefined, undefined];
  const versions = new Map<number, number>();
  let isOver = false;

  function take(message: Json, history: readonly Version[]): void {
    messages.push(message);
    faults.push(...faultsOf(message, '/feeds'));
    if (message.type === 'snapshot') snapshot(message);
    if (message.type === 'delta') delta(message);
    if (message.type === 'events_batch') batch(message.events.map(({ seq }: Json) => seq));
    const { version, tier } = message;
    if (tier === 0 && JSON.stringify(sorted(state)) !== JSON.stringify(sorted(history[version]!.state))) {
      faults.push(`${message.type} of version ${version} leads to what the match was not`);
    }
  }

  function snapshot({ tier, version, state: whole }: Json): void {
    versions.set(tier, version);
    if (tier === 0) state = whole;
    else seqs = undefined;
  }

  function delta({ tier, version, changed }: Json): void {
    const before = versions.get(tier);
    if (before === undefined) faults.push('a delta came before its snapshot');
    else if (version <= before) faults.push(`delta ${version} came after ${before}`);
    versions.set(tier, version);
    if (tier === 0) state = { ...state, ...changed };
  }

  /** The first after a snapshot is all there is. */
  function batch(come: number[]): void {
    const last = seqs?.at(-1) ?? (seqs ? 0 : (come[0] ?? 1) - 1);
    if (come.some((seq, i) => seq !== last + 1 + i)) faults.push(`events ${come} came after ${last}`);
    seqs = [...(seqs ?? []), ...come];
  }

  function lacks(now: Version): string[] {
    if (isOver) return [];
    const has = [sorted(state), seqs?.at(-1) ?? 0];
    const wanted = [sorted(now.state), now.events.length];
    return JSON.stringify(has) === JSON.stringify(wanted) ? [] : [`ends with ${JSON.stringify(has)}`];
  }

  return {
    ...{ faults, messages, take, lacks, hasLeft: () => isOver },
    end: () => {
      isOver = true;
    },
  };
}

function sorted(state: Json | undefined): [string, unknown][] {
  return Object.entries(state ?? {}).sort(([one], [other]) => (one < other ? -1 : 1));
}
