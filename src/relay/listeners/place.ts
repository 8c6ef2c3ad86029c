/**
 * Where one listener is in the record, and what comes next for it: a cursor that only moves forward, over what the room
 * keeps, else over pages of the record; and what waits for a certain event to be delivered.
 */
import type { Metrics } from '../../infra/telemetry/metrics.ts';
import type { Room } from '../rooms/room.ts';
import { type Batch, batchEvents, type Prepared, type PreparedEvent, prepare } from './prepared.ts';

export interface Place {
  /** After this sequence. */
  begin(cursor: number): void;
  cursor(): number;
  /** How many events the room has beyond it; none before it has begun. */
  behind(): number;
  /** To be sent when that event has been delivered: that all is told, or the state between its events. */
  add(at: number, message: Prepared): void;
  isAnythingDue(): boolean;
  /** What one write takes; undefined: nothing is left, or the page has to be turned. */
  next(): Batch | undefined;
  /** @returns whether there is an event to go on with. @throws when Postgres fails */
  turnPage(): Promise<boolean>;
  /** It is read again when it is needed. */
  forgetPage(): void;
  /** Nothing is due. Goes on with the newest events, so many, or with what the room still has. @returns what the listener is told of it */
  drop(newest: number): Prepared;
}

export function createPlace(room: Room, metrics: Metrics): Place {
  let cursor = 0;
  let hasBegun = false;
  let page: readonly PreparedEvent[] | undefined;
  /** In the order of the events they wait for. */
  let due: { at: number; message: Prepared }[] = NOTHING;

  const onPage = (sequence: number) => page?.[sequence - page[0]!.event_sequence];
  const behind = () => (hasBegun ? room.head().event_sequence - cursor : 0);

  function next(): Batch | undefined {
    const [first, ...rest] = due;
    if (first && first.at <= cursor) {
      due = rest.length > 0 ? rest : NOTHING;
      return { messages: [first.message] };
    }
    const head = room.head().event_sequence;
    if (cursor >= head) return undefined;
    const upTo = first ? Math.min(head, first.at) : head;
    const recent = room.batch(cursor, upTo);
    if (recent) page = undefined;
    const batch = recent ?? batchEvents(onPage, cursor, upTo);
    if (!batch) return undefined;
    metrics.sent[recent ? 'fromRing' : 'fromRecord'] += batch.messages.length;
    cursor = batch.to;
    return batch;
  }

  function drop(newest: number): Prepared {
    const { event_sequence: to, event_hash } = room.at(room.head().event_sequence - newest) ?? room.oldest();
    const message = prepare({ type: 'RESYNC', from: cursor + 1, to, reason: 'slow', event_hash });
    metrics.droppedEvents.inc(to - cursor);
    cursor = to;
    return message;
  }

  return {
    begin(from) {
      cursor = from;
      hasBegun = true;
    },
    cursor: () => cursor,
    behind,
    add(at, message) {
      due = [...due, { at, message }].toSorted((one, other) => one.at - other.at);
    },
    isAnythingDue: () => due.length > 0,
    next,
    async turnPage() {
      page = await room.readPage(cursor);
      return page.length > 0 && onPage(cursor + 1) !== undefined;
    },
    forgetPage() {
      page = undefined;
    },
    drop,
  };
}

const NOTHING: { at: number; message: Prepared }[] = [];
