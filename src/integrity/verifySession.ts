/** The verification of one session, as its route answers it: the record in one snapshot, then its files. */

import type { Catalog } from '../core/definitions/command.ts';
import type { JsonObject } from '../core/definitions/event.ts';
import type { Blobs } from '../core/definitions/files.ts';
import { idOf, streamName } from '../core/definitions/stream.ts';
import type { Queryable } from '../core/sql/queryable.ts';
import { readColumnTypes } from './streams/compareRows.ts';
import { type CheckedStream, checkStreams, reportOf, withFiles } from './streams/verifyStreams.ts';

/** What the database says. */
export async function verifySession(db: Queryable, catalog: Catalog, session_id: string): Promise<JsonObject> {
  const [checked] = await checkStreams(db, catalog, await readColumnTypes(db), [streamName('session', session_id)]);
  return { ...checked! };
}

/** The report on it, files included unless they are not to be opened. */
export async function completeSessionReport(found: JsonObject, blobs: Blobs | null): Promise<JsonObject> {
  const checked = found as unknown as CheckedStream;
  const complete = blobs ? await withFiles(checked, blobs) : checked;
  const unopened = blobs || checked.files.length === 0 ? '' : ' Its files were not opened.';
  const { stream, ...report } = reportOf(complete);
  const { is_valid, events_checked, issues } = report;
  const intact = complete.unjudged
    ? `Its events are intact: ${events_checked} checked, every hash and link agrees. Its tables were not compared: only a newer version knows ${complete.unjudged}.`
    : `The record is intact: ${events_checked} events checked, every hash, link and row agrees.`;
  const message = is_valid
    ? intact + unopened
    : `The record has been tampered with or damaged: ${issues.length} findings in ${events_checked} events.`;
  return { session_id: idOf(stream), ...report, message };
}
