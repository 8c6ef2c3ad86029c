/**
 * One listener's way through the record. Replay, live events, a slow drain and what is dropped all leave here, so that
 * from pages to live there is nothing to switch. More than a listener may be behind counts only where the listener is to
 * blame: where it was level with the room, and then did not take what came.
 */
import { GENESIS_HASH } from '../../core/chain/chain.ts';
import type { Log } from '../../infra/telemetry/log.ts';
import type { Metrics } from '../../infra/telemetry/metrics.ts';
import type { Member, Room } from '../rooms/room.ts';
import type { Rooms } from '../rooms/rooms.ts';
import type { Acknowledgements } from './acknowledgements.ts';
import { Excuse } from './excuse.ts';
import { CLOSE, TROUBLE } from './messages.ts';
import type { Outlet } from './outlet.ts';
import { Overflows, type SlowPolicy } from './overflows.ts';
import type { Due, Place } from './place.ts';
import { batchFor } from './prepared.ts';

/** What all deliveries of a relay share. */
export interface DeliveryOptions {
  rooms: Rooms;
  policy: SlowPolicy;
  metrics: Metrics;
  log: Log;
}

/** Whose delivery it is. */
export interface Recipient {
  room: Room;
  outlet: Outlet;
  place: Place;
  acknowledgements: Pick<Acknowledgements, 'onLevel'>;
  /** The id of the listener's person. */
  readonly person: string;
  /** The listener is to be sent away to come back. */
  onSlow(): void;
}

export class Delivery implements Member {
  readonly #options: DeliveryOptions;
  readonly #to: Recipient;
  readonly #overflows: Overflows;
  readonly #excuse: Excuse;
  #isStarted = false;
  /** Reads under way: meanwhile the cursor does not move, so that it cannot pass the state that is being read. */
  #reading = 0;
  #isReadingSnapshot = false;
  #isGivenUp = false;

  constructor(to: Recipient, options: DeliveryOptions) {
    this.#options = options;
    this.#to = to;
    this.#overflows = new Overflows(options.policy, options.metrics);
    this.#excuse = new Excuse(to.place, options.policy.max);
  }

  /** Begins after this sequence. @param due told as soon as the event at its sequence has been delivered */
  start(cursor: number, due?: Due): void {
    const { place, room } = this.#to;
    place.begin(cursor);
    if (due) place.add(due.at, due.message);
    this.#isStarted = true;
    room.add(this);
    this.pump();
  }

  stop(): void {
    this.#to.room.remove(this);
  }

  abandon(): void {
    this.#to.outlet.close(CLOSE.draining, TROUBLE);
  }

  pump(): void {
    const { outlet } = this.#to;
    if (!this.#isStarted || this.#isGivenUp || this.#reading > 0 || !outlet.isOpen()) return;
    if (!outlet.takes()) {
      if (this.#options.policy.action === 'disconnect' && this.#isTooSlow()) this.#onOverflow();
      return;
    }
    this.#excuse.give();
    this.#send();
  }

  /** The outlet takes again. */
  onFree(): void {
    if (!this.#isStarted || this.#isGivenUp || this.#reading > 0) return;
    if (this.#isTooSlow()) this.#onOverflow();
    if (!this.#isGivenUp) this.#send();
  }

  /** Sends the session's state, between the events where it belongs. Asked again meanwhile, it is sent once. */
  async sendSnapshot(): Promise<void> {
    if (this.#isReadingSnapshot) return;
    this.#isReadingSnapshot = true;
    await this.#during(async () => {
      await readSnapshot(this.#to, this.#options);
      this.#isReadingSnapshot = false;
    });
  }

  #send(): void {
    const { outlet, place, person } = this.#to;
    while (outlet.takes() && outlet.isOpen()) {
      const next = place.next();
      if (!next) {
        this.#onNothingLeft();
        return;
      }
      const batch = batchFor(next, person);
      // Of some events there is nothing to tell.
      if (batch.messages.length > 0) outlet.write(batch);
    }
  }

  #onNothingLeft(): void {
    const { place, acknowledgements } = this.#to;
    if (place.behind() > 0) void this.#during(() => turnPage(this.#to, this.#options));
    else if (!place.isAnythingDue() && this.#excuse.end()) acknowledgements.onLevel();
  }

  #isTooSlow(): boolean {
    return !this.#isGivenUp && this.#reading === 0 && this.#excuse.isNone();
  }

  #onOverflow(): void {
    const { outlet, place } = this.#to;
    const action = this.#overflows.decide();
    this.#isGivenUp = action === 'disconnect';
    if (this.#isGivenUp) this.#to.onSlow();
    else if (action === 'catch_up') this.#excuse.giveUntilLevel();
    else outlet.write({ messages: [place.drop(this.#options.policy.max)] });
  }

  async #during(read: () => Promise<void>): Promise<void> {
    this.#reading += 1;
    await read();
    this.#reading -= 1;
    this.pump();
  }
}

async function turnPage({ room, place, outlet }: Recipient, { log }: DeliveryOptions): Promise<void> {
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

async function readSnapshot({ room, place, outlet }: Recipient, { rooms, log }: DeliveryOptions): Promise<void> {
  const { session_id } = room;
  const event_sequence = place.cursor();
  try {
    const atLeast = { event_sequence, event_hash: room.at(event_sequence)?.event_hash ?? GENESIS_HASH };
    const { head, message } = await rooms.readSnapshot(session_id, atLeast);
    room.knownToReach(head.event_sequence);
    place.add(head.event_sequence, message);
  } catch (err) {
    log.warn({ err, session_id }, 'reading snapshot failed');
    outlet.send(TROUBLE);
  }
}
