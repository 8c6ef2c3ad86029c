/**
 * A client of the model: it checks every message against what came before, keeps its place, and comes back with it
 * whenever it is sent away with 4503. What it finds wrong is in `faults`.
 */
import type { Listeners, Visit } from '../../src/relay/listeners.ts';
import { CLOSE, type Message } from '../../src/relay/messages.ts';

export interface ClientOptions {
  listeners: Listeners;
  session_id: string;
  last_sequence: number | undefined;
  /** Its connection takes only a few messages at a time. */
  isSlow: boolean;
  random: () => number;
  committedNow(): number;
  /** When each sequence was committed, in virtual milliseconds. */
  commitTimes: readonly number[];
}

export interface ModelClient {
  readonly faults: string[];
  readonly isSlow: boolean;
  /** Events in order of arrival. */
  readonly hashes: Map<number, string>;
  place(): number | undefined;
  /** The longest that an event took from its commit, of those committed while the client was in step. */
  slowest_ms(): number;
  closedWith(): number[];
  messages(): Message[];
  say(message: unknown): void;
  leave(): void;
}

const EXPECTED_AFTER_WELCOME = { snapshot: ['RESYNC', 'SNAPSHOT'], delta: ['EVENT'], live: ['SYNCED'] };
const SLOW_BATCH = 16;

export function createClient(options: ClientOptions): ModelClient {
  const { listeners, session_id, isSlow, random, committedNow, commitTimes } = options;
  const faults: string[] = [];
  const hashes = new Map<number, string>();
  const closes: number[] = [];
  const messages: Message[] = [];
  let place = options.last_sequence;
  let slowest_ms = 0;
  let hasLeft = false;
  let visit: Visit;
  let isOpen = false;
  connect();

  function connect(): void {
    const committedAtJoin = committedNow();
    let last: Message['type'] | undefined;
    let syncedAt = Number.POSITIVE_INFINITY;
    let buffered = 0;
    isOpen = true;
    const wasOpen = { yes: true };
    const admitted = { session_id, last_sequence: place, expires_at: 4_102_444_800 };
    visit = listeners.enter('websocket', admitted, {
      isOpen: () => wasOpen.yes && isOpen,
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
        last = message.type;
      },
      close(code) {
        wasOpen.yes = false;
        closes.push(code);
        visitLeft();
        if (code === CLOSE.draining && !hasLeft) setTimeout(() => !hasLeft && connect(), 1 + random() * 100);
      },
    });
    const own = visit;
    const visitLeft = () => setTimeout(() => own.leave(), 0);

    function take(message: Message): void {
      if ((last === undefined) !== (message.type === 'WELCOME') && message.type !== 'ERROR') wrong(message, 'WELCOME first');
      if (message.type === 'WELCOME') welcome(message);
      if (message.type === 'RESYNC') place = undefined;
      if (message.type === 'SNAPSHOT') snapshot(message.data.head.event_sequence);
      if (message.type === 'EVENT') event(message);
      if (message.type === 'SYNCED') synced(message);
    }

    function welcome({ mode, recovered }: Message & { type: 'WELCOME' }): void {
      if (recovered !== (mode !== 'snapshot')) faults.push(`recovered ${recovered} in mode ${mode}`);
      if (mode !== 'snapshot' && place === undefined) faults.push(`mode ${mode} without a position`);
      if (mode === 'snapshot') place = undefined;
    }

    function snapshot(sequence: number): void {
      if (place !== undefined && sequence !== place) faults.push(`snapshot of ${sequence} at ${place}`);
      place = sequence;
    }

    function event(message: Message & { type: 'EVENT' }): void {
      const { event_sequence, event_hash } = message;
      if (place === undefined || event_sequence !== place + 1) wrong(message, `${event_sequence} after ${place}`);
      place = event_sequence;
      hashes.set(event_sequence, event_hash);
      const committedAt = commitTimes[event_sequence];
      if (committedAt !== undefined && committedAt >= syncedAt) {
        slowest_ms = Math.max(slowest_ms, Date.now() - committedAt);
      }
    }

    function synced(message: Message & { type: 'SYNCED' }): void {
      if (syncedAt !== Number.POSITIVE_INFINITY) wrong(message, 'twice');
      if (message.event_sequence !== place) wrong(message, `at ${place}`);
      if (message.event_sequence < committedAtJoin) wrong(message, `${committedAtJoin} were committed before the join`);
      syncedAt = Date.now();
    }
  }

  function wrong(message: Message, why: string): void {
    faults.push(`${message.type}: ${why}`);
  }

  function leave(): void {
    hasLeft = true;
    isOpen = false;
    visit.leave();
  }

  return {
    faults,
    isSlow,
    hashes,
    place: () => place,
    slowest_ms: () => slowest_ms,
    closedWith: () => closes,
    messages: () => messages,
    say: (message) => visit.receive(message),
    leave,
  };
}
void EXPECTED_AFTER_WELCOME;
