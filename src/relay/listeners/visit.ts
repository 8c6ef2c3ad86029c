/** One connection from admission to its end: it joins its room, is heard, and is dismissed when its token expires. */
import type { Config } from '../../infra/process/config.ts';
import type { Log } from '../../infra/telemetry/log.ts';
import type { Metrics } from '../../infra/telemetry/metrics.ts';
import type { Tokens } from '../../infra/tokens.ts';
import type { Rooms } from '../rooms/rooms.ts';
import { createAcknowledgements } from './acknowledgements.ts';
import type { Admitted } from './admission.ts';
import { answer, NOT_ALLOWED, readClientMessage } from './clientMessages.ts';
import { createDelivery } from './delivery.ts';
import { createInbound, type Said } from './inbound.ts';
import { join } from './join.ts';
import { CLOSE, dismiss, type Listener, TROUBLE } from './messages.ts';
import { createOutlet, type Wire } from './outlet.ts';
import { createPlace } from './place.ts';
import type { Prepared } from './prepared.ts';
import { createSnapshots } from './snapshots.ts';
import { createTokenLife } from './tokenLife.ts';

/** What a transport tells about a connection. */
export interface Visit {
  receive(said: Said): void;
  /** The kernel has all that was written. */
  taken(): void;
  /** Tells what is not of the record, the latest of its kind to a listener that is busy. @returns false before it is welcome */
  tell(message: Prepared): boolean;
  /** Ends a connection that took nothing for too long. @param now by the monotonic clock */
  inspect(now: number): void;
  /** How many events the room has for it that were not written yet, and the last that it acknowledged. */
  progress(): { lag: number; acked: number };
  /** How many messages wait, where the kernel takes none. */
  queued(): number;
  /** The connection is closed. */
  leave(): void;
}

export interface VisitOptions {
  rooms: Rooms;
  tokens: Tokens;
  resume_ticket: string;
  config: Config;
  metrics: Metrics;
  log: Log;
  /** Before anything is sent. */
  onStart(listener: Listener): void;
  /** It is to be sent away to come back, because it takes too little. */
  onSlow(listener: Listener): void;
  onEnd(listener: Listener): void;
}

/** So long a listener keeps what would have to be read again. */
const STALLED_MS = 5_000;
const UNREAD_MS = 60_000;

export function startVisit(admitted: Admitted, wire: Wire, options: VisitOptions): Visit {
  const { rooms, tokens, resume_ticket, config, metrics, log, onStart, onSlow, onEnd } = options;
  const room = rooms.acquire(admitted.session_id);
  const outlet = createOutlet(wire, metrics, () => delivery.onFree());
  const policy = { max: config.WS_MAX_QUEUE, action: config.WS_OVERFLOW_ACTION };
  const place = createPlace(room, metrics);
  const acknowledgements = createAcknowledgements(room, place, metrics);
  const delivery = createDelivery({
    ...{ room, rooms, outlet, place, acknowledgements, policy, metrics, log },
    onSlow: () => onSlow(outlet),
  });
  const snapshots = createSnapshots(outlet, delivery);
  const inbound = createInbound(outlet, metrics);
  const tokenLife = createTokenLife({
    ...{ admitted, tokens, owe: outlet.owe },
    end: (message) => dismiss(outlet, CLOSE.token, message),
  });
  let hasLeft = false;
  onStart(outlet);
  const joined = joinRoom();

  async function joinRoom(): Promise<void> {
    const { WS_MAX_REPLAY: maxReplay } = config;
    try {
      await join(room, outlet, delivery, { rooms, last_sequence: admitted.last_sequence, maxReplay, resume_ticket });
      tokenLife.start();
    } catch (err) {
      log.warn({ err, session_id: room.session_id }, 'listener failed to join');
      dismiss(outlet, CLOSE.draining, TROUBLE);
    }
  }

  function receive(said: Said): void {
    const heard = inbound.hear(said);
    if (heard === undefined) return;
    const message = readClientMessage(heard);
    if (!message) {
      metrics.refusedMessages.inc({ reason: 'not_allowed' });
      outlet.send(NOT_ALLOWED);
      return;
    }
    void joined.then(() => {
      if (!outlet.isOpen()) return;
      if (message.type === 'REAUTH') void tokenLife.renew(message.token);
      else answer(message, { room, acknowledgements, listener: outlet, snapshots });
    });
  }

  function tell(message: Prepared): boolean {
    if (outlet.isWelcome()) outlet.owe(message.type, () => message);
    return outlet.isWelcome();
  }

  function inspect(now: number): void {
    const stalled_ms = outlet.takes() ? 0 : now - outlet.stalledSince();
    if (stalled_ms > STALLED_MS) place.forgetPage();
    if (stalled_ms > UNREAD_MS) onSlow(outlet);
  }

  function leave(): void {
    if (hasLeft) return;
    hasLeft = true;
    tokenLife.stop();
    snapshots.stop();
    void joined.then(() => {
      delivery.stop();
      rooms.release(room);
    });
    onEnd(outlet);
  }

  const queued = () => (outlet.takes() ? 0 : place.behind() + outlet.waiting());
  const progress = () => ({ lag: place.behind(), acked: acknowledgements.acked() });
  return { receive, taken: outlet.onTaken, tell, inspect, progress, queued, leave };
}
