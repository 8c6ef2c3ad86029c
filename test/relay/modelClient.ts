/**
 * A client of the model: it checks every message against what came before, keeps its place, and comes back with it, and
 * with a ticket, whenever it is sent away with 4503. What it finds wrong is in `faults`.
 */
import { randomUUID } from 'node:crypto';
import type { Scope } from '../../src/access/scope.ts';
import type { Identity } from '../../src/infra/tokens.ts';
import type { Admitted } from '../../src/relay/listeners/admission.ts';
import type { Listeners } from '../../src/relay/listeners/listeners.ts';
import { CLOSE, type Message } from '../../src/relay/listeners/messages.ts';
import type { Visit } from '../../src/relay/listeners/visit.ts';

export interface ClientOptions {
  /** At the relay that takes listeners just now. */
  enter: Listeners['enter'];
  /** Uses a resume ticket up. */
  redeem(ticket: string): Promise<boolean>;
  session_id: string;
  last_sequence: number | undefined;
  /** Its connection takes only a few messages at a time. */
  isSlow: boolean;
  random: () => number;
  mutant: Mutant;
  /** The record's event with this sequence. */
  hashOf(sequence: number): string;
  committed(): number;
  /** When each sequence was committed, in virtual milliseconds. */
  commitTimes: readonly number[];
}

export type ModelClient = ReturnType<typeof createModelClient>;

type Of<Type extends Message['type']> = Message & { type: Type };

const SLOW_BATCH = 4;
/** What a wire does wrong, or a client that comes back, to see that the model notices. */
export type Mutant =
  | ('swallows RESYNC' | 'says RESYNC of too few' | 'never takes again' | 'is left after one batch')
  | ('comes back ahead of its place' | 'comes back with an older ticket' | 'stays away')
  | undefined;
const FAR_FUTURE = 4_102_444_800;

/** Somebody of no roster, to whom the session is open. */
export const identity: Identity = {
  actor: { id: '018f3c1e-7b2a-7c11-9d0e-0000000c0000', role: 'participant', institution_id: null },
  expires_at: FAR_FUTURE,
  origin: { names: [], institution_id: null, role: 'participant', issued_at: null },
};

export function admittedTo(session_id: string, last_sequence: number | undefined): Admitted {
  const scope: Scope = {
    ...{ assignment_id: session_id, session_id, institution_id: session_id, visibility: 'public' },
    ...{ roster: new Map(), replaced: new Set() },
  };
  const connecting = {
    connection_id: randomUUID(),
    address: '127.0.0.1',
    seat: true,
    resumed: false,
    guest: undefined,
  };
  return { ...connecting, session_id, last_sequence, identity, scope };
}

export function createModelClient(options: ClientOptions) {
  const { enter, redeem, session_id, isSlow, random, mutant, hashOf, committed, commitTimes } = options;
  const faults: string[] = [];
  const hashes = new Map<number, string>();
  const closedWith: number[] = [];
  const messages: Message[] = [];
  let place = options.last_sequence;
  let ticket: string | undefined;
  let slowest_ms = 0;
  let hasLeft = false;
  let visit = connect();

  function connect(): Visit {
    const committedAtJoin = committed();
    let isOpen = true;
    let isWelcome = false;
    let isLeft = false;
    let syncedAt = Number.POSITIVE_INFINITY;
    let buffered = 0;
    const connection = enter('websocket', admittedTo(session_id, place), {
      isOpen: () => isOpen && !hasLeft && !isLeft,
      write(batch) {
        if (mutant === 'is left after one batch') leaveOne(batch.messages);
        for (const { text } of batch.messages) {
          const message = JSON.parse(text) as Message;
          if (message.type === 'RESYNC' && message.reason === 'slow') {
            if (mutant === 'swallows RESYNC') continue;
            if (mutant === 'says RESYNC of too few') message.to -= 1;
          }
          messages.push(message);
          take(message);
        }
        buffered += batch.messages.length;
        if (!isSlow || buffered < SLOW_BATCH) return true;
        setTimeout(
          () => {
            buffered = 0;
            if (mutant !== 'never takes again') connection.onTaken();
          },
          random() * (random() < 0.15 ? 800 : 20),
        );
        return false;
      },
      close(code) {
        isOpen = false;
        closedWith.push(code);
        setTimeout(() => {
          connection.leave();
          if ((code === CLOSE.draining || code === CLOSE.slow) && !hasLeft) comeBack();
        }, random() * 100);
      },
    });
    return connection;

    /** As a delivery would that hands a willing wire one batch of events, and no other before there is something new. */
    function leaveOne(messages: readonly { type: string }[]): void {
      isLeft = messages.some(({ type }) => type === 'EVENT');
      queueMicrotask(() => {
        isLeft = false;
      });
    }

    function comeBack(): void {
      if (mutant === 'stays away') return;
      if (mutant === 'comes back ahead of its place' && place !== undefined && place + 1 < committed()) {
        const real = place;
        place += 1;
        visit = connect();
        place = real;
        return;
      }
      useTicket();
      visit = connect();
    }

    function take(message: Message): void {
      // A relay may have to stop before it has read where the record stands.
      const isFarewell = message.type === 'ERROR' || message.type === 'DRAIN';
      if (!isFarewell && isWelcome === (message.type === 'WELCOME')) wrong(message, 'not one WELCOME first');
      if (message.type === 'DRAIN') keepTicket(message);
      if (message.type === 'WELCOME') welcome(message);
      if (message.type === 'SNAPSHOT') snapshot(message);
      if (message.type === 'EVENT') event(message);
      if (message.type === 'RESYNC' && message.reason === 'slow') resync(message);
      if (message.type === 'SYNCED') synced(message);
    }

    function welcome(message: Of<'WELCOME'>): void {
      isWelcome = true;
      keepTicket(message);
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

    function resync(message: Of<'RESYNC'>): void {
      const { from, to, event_hash } = message;
      if (place === undefined || from !== place + 1 || to < from) wrong(message, `${from} to ${to} at ${place}`);
      if (event_hash !== hashOf(to)) wrong(message, `names the hash of another than ${to}`);
      if (syncedAt === Number.POSITIVE_INFINITY) wrong(message, 'before SYNCED');
      place = to;
    }

    function synced(message: Of<'SYNCED'>): void {
      const { event_sequence } = message;
      if (syncedAt !== Number.POSITIVE_INFINITY) wrong(message, 'twice');
      if (event_sequence !== place) wrong(message, `of ${event_sequence} at ${place}`);
      if (event_sequence < committedAtJoin) wrong(message, `of ${event_sequence}, ${committedAtJoin} were committed`);
      syncedAt = Date.now();
    }
  }

  function keepTicket({ type, resume_ticket }: Of<'WELCOME'> | Of<'DRAIN'>): void {
    if (type === 'DRAIN' && mutant === 'comes back with an older ticket') return;
    ticket = resume_ticket;
  }

  function useTicket(): void {
    if (ticket === undefined) return;
    void redeem(ticket).then((isGood) => isGood || faults.push('ticket: is not good'));
    ticket = undefined;
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
