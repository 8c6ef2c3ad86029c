/**
 * Draining a relay that stops: each listener is sent away at a random moment of a window, with a ticket to come back with,
 * so that the relays that are left meet no crowd. The fewer listen, the shorter the window; it leaves time to stop in.
 */
import { CLOSE, type CloseCode, dismiss, type Listener } from './messages.ts';
import type { ConnectionTicket } from './resumeTickets.ts';

export interface Drain {
  isUnderWay(): boolean;
  /** Admitted before the drain, it is there only now. */
  onEnter(listener: Listener, ticket: ConnectionTicket): void;
  onLeave(): void;
  /** Resolves when all are gone, or are not to be waited for. @returns how many connections it closed */
  run(): Promise<number>;
}

export interface DrainOptions {
  present: ReadonlyMap<Listener, { ticket: ConnectionTicket }>;
  grace_seconds: number;
}

/** At most twenty a second, where there is time for it. */
const LISTENER_MS = 50;
const LONGEST_MS = 20_000;
/** The rest is for what stops afterwards. */
const SHARE_OF_GRACE = 0.6;
/** For listeners that take their time to say goodbye. */
const FAREWELL_MS = 1_000;
const MAX_RECONNECT_MS = 5_000;

export function drainWindow(listeners: number, grace_seconds: number): number {
  return Math.min(listeners * LISTENER_MS, LONGEST_MS, grace_seconds * 1_000 * SHARE_OF_GRACE);
}

export function createDrain({ present, grace_seconds }: DrainOptions): Drain {
  let isUnderWay = false;
  let gone = 0;
  let onEmpty = () => {};

  function onLeave(): void {
    if (isUnderWay) gone += 1;
    if (present.size === 0) onEmpty();
  }

  async function run(): Promise<number> {
    isUnderWay = true;
    const window_ms = drainWindow(present.size, grace_seconds);
    for (const [listener, { ticket }] of present) {
      setTimeout(() => void sendAway(listener, ticket, CLOSE.draining), Math.random() * window_ms);
    }
    if (present.size > 0) await emptied(window_ms + FAREWELL_MS);
    return gone + present.size;
  }

  function emptied(within_ms: number): Promise<void> {
    return new Promise((resolve) => {
      const late = setTimeout(resolve, within_ms);
      onEmpty = () => {
        clearTimeout(late);
        resolve();
      };
    });
  }

  function onEnter(listener: Listener, ticket: ConnectionTicket): void {
    if (isUnderWay) void sendAway(listener, ticket, CLOSE.draining);
  }

  return { isUnderWay: () => isUnderWay, onEnter, onLeave, run };
}

/** To come back, with a ticket that is uncounted. */
export async function sendAway(listener: Listener, ticket: ConnectionTicket, code: CloseCode): Promise<void> {
  const reconnect_in_ms = 1 + Math.floor(Math.random() * MAX_RECONNECT_MS);
  await ticket.renew((resume_ticket) => {
    const canBeTold = listener.isOpen();
    dismiss(listener, code, { type: 'DRAIN', reconnect_in_ms, resume_ticket });
    return canBeTold;
  });
}
