/** The first pass over all of the record is trusted in what it calls sound: so of a changed stream both ways have to say the same. */
import { expect } from 'vitest';
import type { Queryable } from '../../../src/core/sql/queryable.ts';
import { readColumnTypes } from '../../../src/integrity/streams/compareRows.ts';
import {
  checkStream,
  readRows,
  reportOf,
  type StreamReport,
  verifyStream,
} from '../../../src/integrity/streams/verifyStreams.ts';
import type { Swept } from '../../../src/integrity/sweep/sweepRecord.ts';
import { catalog } from '../../../src/modules.ts';

/** What has grown lately is looked at closely in any case: to a later sweep nothing of the matrix is. */
const LATER = '2099-01-01T00:00:00.000Z';

/** @returns what its own verification says */
export async function verifyAlike(db: Queryable, stream: string, swept: Swept): Promise<StreamReport> {
  const own = await verifyStream(db, catalog, stream);
  const [rows] = await readRows(db, catalog, [stream], { ...swept, swept_at: LATER });
  expect(reportOf(checkStream(catalog, await readColumnTypes(db), rows!))).toEqual(own);
  return own;
}
