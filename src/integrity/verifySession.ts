/** The verification of one session, as its route answers it: the record in one snapshot, then its files. */

import { z } from 'zod';
import { count, named, position, text, uuid } from '../core/definitions/answers.ts';
import type { Catalog } from '../core/definitions/command.ts';
import { EXAMPLE, exampleId } from '../core/definitions/exampleValues.ts';
import type { Blobs } from '../core/definitions/files.ts';
import { idOf, streamName } from '../core/definitions/stream.ts';
import type { Queryable } from '../core/sql/queryable.ts';
import { type CheckedStream, checkOne, reportOf, withFiles } from './streams/verifyStreams.ts';

export const sessionVerdict = named(
  'SessionVerdict',
  z.strictObject({
    session_id: uuid,
    is_valid: z.boolean(),
    events_checked: count,
    /** Sequences that findings speak of, sorted. */
    invalid_sequences: z.array(z.int()),
    /** At most 100; where there are more, one more line says how many. */
    issues: z.array(text),
    /** The last event that there is. */
    head: position.nullable(),
    message: text,
  }),
  {
    ...{ session_id: exampleId('12'), is_valid: true, events_checked: 17, invalid_sequences: [], issues: [] },
    ...{ head: EXAMPLE.head, message: 'The record is intact: 17 events checked, every hash, link and row agrees.' },
  },
);

/** What the database says. */
export function verifySession(db: Queryable, catalog: Catalog, session_id: string) {
  return checkOne(db, catalog, streamName('session', session_id));
}

/** The report on it, files included unless they are not to be opened. */
export async function completeSessionReport(
  checked: CheckedStream,
  blobs: Blobs | null,
): Promise<z.output<typeof sessionVerdict>> {
  const complete = blobs ? await withFiles(checked, blobs) : checked;
  const unopened = blobs || checked.files.length === 0 ? '' : ' Its files were not opened.';
  const { stream, ...report } = reportOf(complete);
  const { is_valid, events_checked, issues } = report;
  const intact = complete.unjudged
    ? `Its events are intact: ${events_checked} checked, every hash and link agrees. Its tables were not compared: only a newer version knows ${complete.unjudged}.`
    : `The record is intact: ${events_checked} events checked, every hash, link and row agrees.`;
  const blank = checked.isSealBlank ? ' Its state digest is not checkable: texts that it was made of were erased.' : '';
  const message = is_valid
    ? intact + blank + unopened
    : `The record has been tampered with or damaged: ${issues.length} findings in ${events_checked} events.`;
  return { session_id: idOf(stream), ...report, message };
}
