/**
 * The text of an announcement: a line with the events of a stream, and a line that says for each which request and
 * which trace it came from, and when it was announced. The first is checked by its listener; the second is for logs and
 * metrics alone.
 */
import { z } from 'zod';
import type { Outcome } from '../../core/apply/outcome.ts';
import { commandIdOf } from '../../core/chain/ids.ts';
import type { ExportedEvent } from '../../core/definitions/event.ts';

export type Cause = Pick<Outcome, 'request_id' | 'traceparent'>;

/** What is said on a stream's channel when a payload of it was erased: what was heard of it is to be read again. */
export const ERASURE = '{"erased":true}';

const PUBLISHED_AT = /"published_at":(\d{13})/;
const Causes = z.array(z.object({ request_id: z.string().max(64), traceparent: z.string().max(64).nullable() }));

/** @param causes by command id */
export function announcementText(events: readonly ExportedEvent[], causes: ReadonlyMap<string, Cause>): string {
  const published_at = Date.now();
  const of = ({ event_id }: ExportedEvent) => {
    const { request_id, traceparent } = causes.get(commandIdOf(event_id))!;
    return { request_id, traceparent, published_at };
  };
  return `${JSON.stringify(events)}\n${JSON.stringify(events.map(of))}`;
}

/** The events' line. JSON text never holds a raw newline. */
export function eventsLine(text: string): string {
  const end = text.indexOf('\n');
  return end < 0 ? text : text.slice(0, end);
}

/** Which requests caused the events; nothing where that cannot be read. */
export function readCauses(text: string): Cause[] {
  try {
    return Causes.parse(JSON.parse(text.slice(text.indexOf('\n') + 1)));
  } catch {
    return [];
  }
}

/** When it was announced, in milliseconds, by its sender's clock. @returns undefined where it does not say so */
export function readPublishedAt(text: string): number | undefined {
  const [, published_at] = PUBLISHED_AT.exec(text.slice(eventsLine(text).length)) ?? [];
  return published_at === undefined ? undefined : Number(published_at);
}
