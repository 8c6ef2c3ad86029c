/**
 * A model of everything around the rooms: a record that grows, a broadcast that loses, doubles, delays and shuffles, a
 * database that is slow or away, and clients that come back as real ones do. Time is virtual, chance is seeded.
 */
import { randomUUID } from 'node:crypto';
import pino from 'pino';
import { chainEvent, EMPTY_HEAD, exportedEvent, headAfter } from '../../src/core/chain/ledger.ts';
import type { ExportedEvent } from '../../src/core/definitions/event.ts';
import type { Head } from '../../src/core/definitions/stream.ts';
import { sessionStream } from '../../src/court/sessions/session.ts';
import type { Broadcast } from '../../src/infra/broadcast/broadcast.ts';
import { createInProcessPresence } from '../../src/infra/presence/inProcess.ts';
import { PRESENCE } from '../../src/infra/presence/presence.ts';
import { type Config, readConfig } from '../../src/infra/process/config.ts';
import { createInProcessResumption } from '../../src/infra/resumption/inProcess.ts';
import { RESUMPTION } from '../../src/infra/resumption/resumption.ts';
import { createMetrics } from '../../src/infra/telemetry/metrics.ts';
import type { Snapshot } from '../../src/live/messages.ts';
import { createListeners } from '../../src/relay/listeners/listeners.ts';
import { createPresenceLeases } from '../../src/relay/listeners/presenceLeases.ts';
import { bearerOf, createResumeTickets } from '../../src/relay/listeners/resumeTickets.ts';
import { startHeadCheck } from '../../src/relay/rooms/headCheck.ts';
import type { Readers } from '../../src/relay/rooms/readers.ts';
import { createRooms } from '../../src/relay/rooms/rooms.ts';
import { type ClientOptions, createModelClient, identity, type ModelClient, type Mutant } from './modelClient.ts';

export const session_id = '018f3c1e-7b2a-7c11-9d0e-2f4b6a8c0e12';
const stream = `session:${session_id}`;
const log = pino({ level: 'silent' });
export const metrics = createMetrics();

/** Events of the session from this head on. */
export function chain(length: number, head: Head = EMPTY_HEAD, textOf = (i: number) => `— ${i}`): ExportedEvent[] {
  const events: ExportedEvent[] = [];
  for (let i = 0; i < length; i++) {
    const entry = { kind: 'session', type: 'NOTE', payload: { text: textOf(i), n: i } };
    const row = chainEvent(stream, head, entry, randomUUID(), 'system', '2026-01-01T00:00:00.000Z');
    events.push(exportedEvent(row, sessionStream));
    head = headAfter(row);
  }
  return events;
}

export function headOf(event: ExportedEvent): Head {
  return { sequence: event.event_sequence, event_hash: event.event_hash, occurred_at: event.occurred_at };
}

export interface WorldOptions {
  /** The whole record that may come to be. */
  future: readonly ExportedEvent[];
  /** How many of its events there are at the start. */
  committed: number;
  random: () => number;
  maxReplay: number;
  withHeadCheck: boolean;
  mutant?: Mutant;
  slow?: Pick<Config, 'WS_MAX_QUEUE' | 'WS_OVERFLOW_ACTION'>;
}

export type World = ReturnType<typeof createWorld>;

export function createWorld({ future, committed, random, maxReplay, withHeadCheck, mutant, slow }: WorldOptions) {
  const heard = new Set<(message: string) => void>();
  const interrupted = new Set<() => void>();
  const clients: ModelClient[] = [];
  const commitTimes: number[] = [];
  let length = committed;
  let isConnected = true;
  let isDatabaseAway = false;
  let reads = 0;

  const within = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, random() * ms));

  /** An answer is as of some moment between question and arrival. */
  async function answered<T>(look: () => T): Promise<T> {
    reads += 1;
    await within(10);
    if (isDatabaseAway) throw Object.assign(new Error('connection refused'), { code: 'ECONNREFUSED' });
    const answer = look();
    await within(random() < 0.1 ? 100 : 10);
    return answer;
  }

  const position = () => ({ event_sequence: length, event_hash: future[length - 1]!.event_hash });
  const readers: Readers = {
    // A page may end before its limit, because it is full.
    readEvents: (_, after, limit) =>
      answered(() => future.slice(after, Math.min(length, after + Math.ceil(limit * (random() < 0.5 ? 1 : random()))))),
    readLatest: (_, limit) =>
      answered(() => ({ events: future.slice(Math.max(0, length - limit), length), erased: 0 })),
    readHeads: (ids) => answered(() => new Map(ids.map((id) => [id, { ...position(), erased: 0 }]))),
    readSnapshot: (_, known) => answered(() => known ?? ({ head: position(), clock: null } as Snapshot)),
  };

  const broadcast: Broadcast = {
    publish: async () => {},
    async subscribe(_, listener) {
      await within(random() < 0.2 ? 3_000 : 20);
      while (!isConnected) await within(100);
      heard.add(listener);
      return async () => void heard.delete(listener);
    },
    onInterruption: (listener) => void interrupted.add(listener),
    isConnected: () => isConnected,
    close: async () => {},
  };

  const config = { ...readConfig({}, 'all'), WS_MAX_REPLAY: maxReplay, ...slow };
  const seats = createPresenceLeases({ id: session_id, presence: createInProcessPresence(PRESENCE), metrics, log });
  const resumption = createInProcessResumption(RESUMPTION);
  const resumeTickets = createResumeTickets({ db: {} as never, resumption, log });
  let relay = openRelay();

  function openRelay() {
    const rooms = createRooms({ readers, broadcast, metrics, log });
    const stopHeadCheck = withHeadCheck ? startHeadCheck({ rooms, readers, broadcast, log }) : () => {};
    const listeners = createListeners({
      rooms,
      seats,
      observations: { note() {} },
      tokens: { isRevoked: () => false, onRevoked: () => {} } as never,
      resumeTickets,
      config,
      metrics,
      log,
    });
    function close(): void {
      stopHeadCheck();
      rooms.close();
    }
    return { listeners, close };
  }

  /** The relay stops, and its listeners go to another. */
  function drain(): void {
    const { listeners, close } = relay;
    relay = openRelay();
    void listeners.drain().then(close);
  }

  /** Commits events together and announces them, as well as the broadcast can. */
  function append(count: number, fate?: 'lost'): void {
    const events = future.slice(length, length + count);
    length += events.length;
    for (let i = 0; i < events.length; i++) commitTimes[length - i] = Date.now();
    const copies = fate === 'lost' || random() < 0.2 ? 0 : random() < 0.2 ? 2 : 1;
    for (let i = 0; i < copies; i++) announce(JSON.stringify(events), random() < 0.3 ? 200 : 2);
  }

  /** A failover, or a restore: the last events were never recorded. */
  function loseEvents(count: number): void {
    length -= count;
  }

  function announce(message: string, delay_ms: number): void {
    setTimeout(() => {
      if (isConnected) for (const listener of heard) listener(message);
    }, random() * delay_ms);
  }

  const hashOf = (sequence: number) => future[sequence - 1]!.event_hash;

  function join(last_sequence: number | undefined, isSlow = false): ModelClient {
    const options: ClientOptions = {
      enter: (...who) => relay.listeners.enter(...who),
      redeem: (ticket) => resumeTickets.redeem(ticket, bearerOf(identity, session_id)),
      session_id,
      last_sequence,
      isSlow,
      random,
      mutant,
      hashOf,
      committed: () => length,
      commitTimes,
    };
    const client = createModelClient(options);
    clients.push(client);
    return client;
  }

  function loseBroadcast(ms: number): void {
    isConnected = false;
    setTimeout(() => {
      isConnected = true;
      for (const listener of interrupted) listener();
    }, ms);
  }

  function loseDatabase(ms: number): void {
    isDatabaseAway = true;
    setTimeout(() => {
      isDatabaseAway = false;
    }, ms);
  }

  function end(): void {
    for (const client of clients) client.leave();
    relay.close();
    seats.close();
    resumeTickets.close();
  }

  return {
    append,
    announce,
    loseEvents,
    join,
    loseBroadcast,
    loseDatabase,
    drain,
    end,
    clients,
    listeners: relay.listeners,
    committed: () => length,
    reads: () => reads,
  };
}
