/**
 * One listener's way through the record. Replay, live events, a slow drain and what is dropped all leave here, so that
 * from pages to live there is nothing to switch. More than a listener may be behind counts only where the listener is to
 * blame: where it was level with the room, and then did not take what came.
 */
import type { Log } from '../../infra/telemetry/log.ts';
import type { Metrics } from '../../infra/telemetry/metrics.ts';
import type { Member, Room } from '../rooms/room.ts';
import type { Rooms } from '../rooms/rooms.ts';
import type { Acknowledgements } from './acknowledgements.ts';
import { createExcuse } from './excuse.ts';
import { CLOSE, TROUBLE } from './messages.ts';
import type { Outlet } from './outlet.ts';
import { createOverflows, type SlowPolicy } from './overflows.ts';
import type { Place } from './place.ts';
import { prepare } from './prepared.ts';

export interface Delivery {
  /** Begins after this sequence; says SYNCED as soon as the other has been delivered. */
  start(cursor: number, synced_at: number): void;
  /** The outlet takes again. */
  onFree(): void;
  /** Sends the session's state, between the events where it belongs. Asked again meanwhile, it is sent once. */
  sendSnapshot(): Promise<void>;
  stop(): void;
}

export interface DeliveryOptions {
  room: Room;
  rooms: Rooms;
  outlet: Outlet;
  place: Place;
  acknowledgements: Pick<Acknowledgements, 'onLevel'>;
  policy: SlowPolicy;
  /** The listener is to be sent away to come back. */
  onSlow(): void;
  metrics: Metrics;
  log: Log;
}

export function createDelivery(options: DeliveryOptions): Delivery {
  const { room, outlet, place, acknowledgements, policy, onSlow, metrics } = options;
  const member: Member = { pump, abandon: () => outlet.close(CLOSE.draining, TROUBLE) };
  const overflows = createOverflows(policy, metrics);
  const excuse = createExcuse(place, policy.max);
  let isStarted = false;
  /** Reads under way: meanwhile the cursor does not move, so that it cannot pass the state that is being read. */
  let reading = 0;
  let isReadingSnapshot = false;
  let isGivenUp = false;

  const isTooSlow = () => !isGivenUp && reading === 0 && excuse.isNone();

  function start(cursor: number, synced_at: number): void {
    place.begin(cursor);
    place.add(synced_at, prepare({ type: 'SYNCED', event_sequence: synced_at }));
    isStarted = true;
    room.add(member);
    pump();
  }

  function pump(): void {
    if (!isStarted || isGivenUp || reading > 0 || !outlet.isOpen()) return;
    if (!outlet.takes()) {
      if (policy.action === 'disconnect' && isTooSlow()) onOverflow();
      return;
    }
    excuse.give();
    send();
  }

  function send(): void {
    while (outlet.takes() && outlet.isOpen()) {
      const batch = place.next();
      if (!batch) {
        onNothingLeft();
        return;
      }
      outlet.write(batch);
    }
  }

  function onNothingLeft(): void {
    if (place.behind() > 0) void during(() => turnPage(options));
    else if (!place.isAnythingDue() && excuse.end()) acknowledgements.onLevel();
  }

  function onFree(): void {
    if (!isStarted || isGivenUp || reading > 0) return;
    if (isTooSlow()) onOverflow();
    if (!isGivenUp) send();
  }

  function onOverflow(): void {
    const action = overflows.decide();
    isGivenUp = action === 'disconnect';
    if (isGivenUp) onSlow();
    else if (action === 'catch_up') excuse.giveUntilLevel();
    else outlet.write({ messages: [place.drop(policy.max)] });
  }

  async function sendSnapshot(): Promise<void> {
    if (isReadingSnapshot) return;
    isReadingSnapshot = true;
    await during(async () => {
      await readSnapshot(options);
      isReadingSnapshot = false;
    });
  }

  async function during(read: () => Promise<void>): Promise<void> {
    reading += 1;
    await read();
    reading -= 1;
    pump();
  }

  return { start, onFree, sendSnapshot, stop: () => room.remove(member) };
}

async function turnPage({ room, place, outlet, log }: DeliveryOptions): Promise<void> {
  const [after, { session_id }] = [place.cursor(), room];
  try {
    if (await place.turnPage()) return;
  } catch (err) {
    log.warn({ err, session_id }, 'reading page of record failed');
    outlet.close(CLOSE.draining, TROUBLE);
    return;
  }
  log.error({ session_id, after }, 'record has a gap; listener dismissed');
  outlet.close(CLOSE.fault, { type: 'ERROR', code: 'internal_error', detail: `Nothing follows ${after}.` });
}

async function readSnapshot({ room, rooms, place, outlet, log }: DeliveryOptions): Promise<void> {
  const { session_id } = room;
  try {
    const { head, message } = await rooms.readSnapshot(session_id, place.cursor());
    room.knownToReach(head.event_sequence);
    place.add(head.event_sequence, message);
  } catch (err) {
    log.warn({ err, session_id }, 'reading snapshot failed');
    outlet.send(TROUBLE);
  }
}
