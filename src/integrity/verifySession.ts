/** The verification of one session, as its route answers it. */
import type { Book } from '../core/command.ts';
import type { JsonObject } from '../core/event.ts';
import type { Queryable } from '../core/queryable.ts';
import { sessionStreamName } from '../sessions/session.ts';
import { verifyStream } from './verifyStreams.ts';

export async function verifySession(db: Queryable, book: Book, session_id: string): Promise<JsonObject> {
  const { stream: _, ...report } = await verifyStream(db, book, sessionStreamName(session_id));
  const { is_valid, events_checked, issues } = report;
  const message = is_valid
    ? `The record is intact: ${events_checked} events checked, every hash, link and row agrees.`
    : `The record has been tampered with or damaged: ${issues.length} findings in ${events_checked} events.`;
  return { session_id, ...report, message };
}
