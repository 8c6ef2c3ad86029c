/**
 * Where one listener is in the record, and what comes next for it: a cursor that only moves forward, over what the room
 * keeps, else over pages of the record; and what waits for a certain event to be delivered.
 */
import type { Metrics } from '../../infra/telemetry/metrics.ts';
import type { Room } from '../rooms/room.ts';
import { type Batch, batchEvents, type Prepared, type PreparedEvent, prepare } from './prepared.ts';

/** To be sent when the event at `at` has been delivered. */
export interface Due {
  at: number;
  message: Prepared;
}

const NOTHING: Due[] = [];

export class Place {
  readonly #room: Room;
  readonly #metrics: Metrics;
  #cursor = 0;
  #hasBegun = false;
  #page: readonly PreparedEvent[] | undefined;
  /** In the order of the events they wait for. */
  #due = NOTHING;

  constructor(room: Room, metrics: Metrics) {
    this.#room = room;
    this.#metrics = metrics;
  }

  /** After this sequence. */
  begin(cursor: number): void {
    this.#cursor = cursor;
    this.#hasBegun = true;
  }

  cursor(): number {
    return this.#cursor;
  }

  /** How many events the room has beyond it; none before it has begun. */
  behind(): number {
    return this.#hasBegun ? this.#room.head().event_sequence - this.#cursor : 0;
  }

  /** To be sent when that event has been delivered: that all is told, or the state between its events. */
  add(at: number, message: Prepared): void {
    this.#due = [...this.#due, { at, message }].toSorted((one, other) => one.at - other.at);
  }

  isAnythingDue(): boolean {
    return this.#due.length > 0;
  }

  /** What one write takes; undefined: nothing is left, or the page has to be turned. */
  next(): Batch | undefined {
    const first = this.#due[0];
    if (first && first.at <= this.#cursor) {
      this.#due = this.#due.length > 1 ? this.#due.slice(1) : NOTHING;
      return { messages: [first.message] };
    }
    const head = this.#room.head().event_sequence;
    if (this.#cursor >= head) return undefined;
    const upTo = first ? Math.min(head, first.at) : head;
    const recent = this.#room.batch(this.#cursor, upTo);
    if (recent) this.#page = undefined;
    const batch = recent ?? batchEvents((sequence) => this.#onPage(sequence), this.#cursor, upTo);
    if (!batch) return undefined;
    this.#metrics.sent[recent ? 'fromRing' : 'fromRecord'] += batch.messages.length;
    this.#cursor = batch.to;
    return batch;
  }

  /** @returns whether there is an event to go on with. @throws when Postgres fails */
  async turnPage(): Promise<boolean> {
    this.#page = await this.#room.readPage(this.#cursor);
    return this.#page.length > 0 && this.#onPage(this.#cursor + 1) !== undefined;
  }

  /** It is read again when it is needed. */
  forgetPage(): void {
    this.#page = undefined;
  }

  /** Nothing is due. Goes on with the newest events, so many, or with what the room still has. @returns what the listener is told of it */
  drop(newest: number): Prepared {
    const room = this.#room;
    const { event_sequence: to, event_hash } = room.at(room.head().event_sequence - newest) ?? room.oldest();
    const message = prepare({ type: 'RESYNC', from: this.#cursor + 1, to, reason: 'slow', event_hash });
    this.#metrics.droppedEvents.inc(to - this.#cursor);
    this.#cursor = to;
    return message;
  }

  #onPage(sequence: number): PreparedEvent | undefined {
    return this.#page?.[sequence - this.#page[0]!.event_sequence];
  }
}
