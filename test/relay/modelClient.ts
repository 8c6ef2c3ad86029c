/**
 * A client of the model: it checks every message against what came before, keeps its place, and comes back with it
 * whenever it is sent away with 4503. What it finds wrong is in `faults`.
 */
import { randomUUID } from 'node:crypto';
import type { Scope } from '../../src/access/scope.ts';
import type { Identity } from '../../src/infra/tokens.ts';
import type { Listeners } from '../../src/relay/listeners/listeners.ts';
import { CLOSE, type Message } from '../../src/relay/listeners/messages.ts';
import type { Visit } from '../../src/relay/listeners/visit.ts';

export interface ClientOptions {
  listeners: Listeners;
  session_id: string;
  last_sequence: number | undefined;
  /** Its connection takes only a few messages at a time. */
  isSlow: boolean;
  random: () => number;
  committed(): number;
  /** When each sequence was committed, in virtual milliseconds. */
  commitTimes: readonly number[];
}

export type ModelClient = ReturnType<typeof createModelClient>;

type Of<Type extends Message['type']> = Message & { type: Type };

const SLOW_BATCH = 16;
const FAR_FUTURE = 4_102_444_800;

/** Somebody of no roster, to whom the session is open. */
const identity: Identity = {
  actor: { id: '018f3c1e-7b2a-7c11-9d0e-0000000c0000', role: 'participant', institution_id: null },
  expires_at: FAR_FUTURE,
  origin: { names: [], institution_id: null, role: 'participant', issued_at: null },
};

export function createModelClient(options: ClientOptions) {
  const { listeners, session_id, isSlow, random, committed, commitTimes } = options;
  const faults: string[] = [];
  const hashes = new Map<number, string>();
  const closedWith: number[] = [];
  const messages: Message[] = [];
  let place = options.last_sequence;
  let slowest_ms = 0;
  let hasLeft = false;
  const scope: Scope = {
    ...{ assignment_id: session_id, session_id, institution_id: session_id, visibility: 'public' },
    ...{ roster: new Map(), replaced: new Set() },
  };
  let visit = connect();

  function connect(): Visit {
    const committedAtJoin = committed();
    let isOpen = true;
    let isWelcome = false;
    let syncedAt = Number.POSITIVE_INFINITY;
    let buffered = 0;
    const connecting = { connection_id: randomUUID(), address: '127.0.0.1', seat: true, resumed: false };
    const admitted = { ...connecting, session_id, last_sequence: place, identity, scope };
    const connection = listeners.enter('websocket', admitted, {
      isOpen: () => isOpen && !hasLeft,
      isBusy: () => isSlow && buffered >= SLOW_BATCH,
      whenReady(callback) {
        setTimeout(() => {
          buffered = 0;
          callback();
        }, random() * 20);
      },
      send(message) {
        buffered += 1;
        messages.push(message);
        take(message);
      },
      close(code) {
        isOpen = false;
        closedWith.push(code);
        setTimeout(() => {
          connection.leave();
          if (code === CLOSE.draining && !hasLeft) visit = connect();
        }, random() * 100);
      },
    });
    return connection;

    function take(message: Message): void {
      if (message.type !== 'ERROR' && isWelcome === (message.type === 'WELCOME'))
        wrong(message, 'not one WELCOME first');
      if (message.type === 'WELCOME') welcome(message);
      if (message.type === 'SNAPSHOT') snapshot(message);
      if (message.type === 'EVENT') event(message);
      if (message.type === 'SYNCED') synced(message);
    }

    function welcome(message: Of<'WELCOME'>): void {
      isWelcome = true;
      if (message.mode === 'snapshot') place = undefined;
      else if (place === undefined) wrong(message, `${message.mode} without a position`);
    }

    function snapshot(message: Of<'SNAPSHOT'>): void {
      const { event_sequence } = message.data.head;
      if (place !== undefined && event_sequence !== place) wrong(message, `of ${event_sequence} at ${place}`);
      place = event_sequence;
    }

    function event(message: Of<'EVENT'>): void {
      const { event_sequence, event_hash } = message;
      if (place === undefined || event_sequence !== place + 1) wrong(message, `${event_sequence} after ${place}`);
      place = event_sequence;
      hashes.set(event_sequence, event_hash);
      const committedAt = commitTimes[event_sequence] ?? 0;
      if (committedAt >= syncedAt) slowest_ms = Math.max(slowest_ms, Date.now() - committedAt);
    }

    function synced(message: Of<'SYNCED'>): void {
      const { event_sequence } = message;
      if (syncedAt !== Number.POSITIVE_INFINITY) wrong(message, 'twice');
      if (event_sequence !== place) wrong(message, `of ${event_sequence} at ${place}`);
      if (event_sequence < committedAtJoin) wrong(message, `of ${event_sequence}, ${committedAtJoin} were committed`);
      syncedAt = Date.now();
    }
  }

  function wrong(message: Message, why: string): void {
    faults.push(`${message.type}: ${why}`);
  }

  return {
    faults,
    isSlow,
    /** Events by sequence. */
    hashes,
    closedWith,
    messages,
    place: () => place,
    /** The longest that an event took from its commit, of those committed while the client was in step. */
    slowest_ms: () => slowest_ms,
    say: (message: unknown) => visit.receive({ bytes: 0, isText: true, parse: () => message }),
    leave(): void {
      hasLeft = true;
      visit.leave();
    },
    hasLeft: () => hasLeft,
  };
}
