/**
 * Draining a relay that stops: each listener is sent away at a random moment of a window, with a ticket to come back with,
 * so that the relays that are left meet no crowd. The fewer listen, the shorter the window; it leaves time to stop in.
 */
import type { AnyGuest, Guests } from './guests.ts';
import { CLOSE, type CloseCode, dismiss, type Listener } from './messages.ts';
import { LIVE_PROTOCOL, type Protocol } from './protocol.ts';
import type { ConnectionTicket } from './resumeTickets.ts';

export interface Drain {
  isUnderWay(): boolean;
  /** Admitted before the drain, it is there only now. */
  onEnter(guest: AnyGuest): void;
  onLeave(): void;
  /** Resolves when all are gone, or are not to be waited for. @returns how many connections it closed */
  run(): Promise<number>;
}

export interface DrainOptions {
  guests: Pick<Guests<AnyGuest>, 'all' | 'count'>;
  farewell?: Protocol['farewell'];
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

export function createDrain({ guests, farewell, grace_seconds }: DrainOptions): Drain {
  let isUnderWay = false;
  let gone = 0;
  let onEmpty = () => {};

  function onLeave(): void {
    if (isUnderWay) gone += 1;
    if (guests.count() === 0) onEmpty();
  }

  async function run(): Promise<number> {
    isUnderWay = true;
    const window_ms = drainWindow(guests.count(), grace_seconds);
    for (const guest of guests.all()) setTimeout(() => goodbye(guest), Math.random() * window_ms);
    if (guests.count() > 0) await emptied(window_ms + FAREWELL_MS);
    return gone + guests.count();
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

  function onEnter(guest: AnyGuest): void {
    if (isUnderWay) goodbye(guest);
  }

  function goodbye({ visit, ticket }: AnyGuest): void {
    void sendAway(visit.outlet, ticket, CLOSE.draining, farewell);
  }

  return { isUnderWay: () => isUnderWay, onEnter, onLeave, run };
}

/** To come back, with a ticket that is uncounted. */
export async function sendAway(
  listener: Listener,
  ticket: ConnectionTicket,
  code: CloseCode,
  farewell: Protocol['farewell'] = LIVE_PROTOCOL.farewell,
): Promise<void> {
  const reconnect_in_ms = 1 + Math.floor(Math.random() * MAX_RECONNECT_MS);
  await ticket.renew((resume_ticket) => {
    const canBeTold = listener.isOpen();
    dismiss(listener, code, farewell(reconnect_in_ms, resume_ticket));
    return canBeTold;
  });
}
