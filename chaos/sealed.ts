/** What the log holds when all of it is under a checkpoint, read as it is: its rows, and the file to which checkpoints go. */
import { readFile } from 'node:fs/promises';
import type pg from 'pg';
import { until } from '../test/support/processes.ts';
import type { LeafRow, Signed, StoredLog } from './judgeLog.ts';

const SEALED_WITHIN_MS = 60_000;

const COUNTS = `
  select (select count(*) from events)::int as events, (select coalesce(max(size), 0) from log_checkpoints)::int as signed`;
const LEAVES = `
  select index::int, l.stream, l.sequence, encode(e.event_hash, 'hex') as event_hash
  from log_leaves l left join events e using (stream, sequence) order by index`;
const CHECKPOINTS = `select size::int, encode(root, 'hex') as root from log_checkpoints order by size`;

/** When nothing is written any more: waits until all events are signed, and the last checkpoint is delivered, or long enough. */
export async function readLog(pool: pg.Pool, sink: string): Promise<StoredLog> {
  const counts = async () => (await pool.query<{ events: number; signed: number }>(COUNTS)).rows[0]!;
  const isSealed = async () => {
    const { events, signed } = await counts();
    return events === signed && (await deliveredTo(sink)).at(-1)?.size === signed;
  };
  // What is missing then is found by the judge, with a number.
  await until('the log is signed', isSealed, SEALED_WITHIN_MS).catch(() => {});
  const { rows: leaves } = await pool.query<LeafRow>(LEAVES);
  const { rows: checkpoints } = await pool.query<Signed>(CHECKPOINTS);
  return { leaves, checkpoints, delivered: await deliveredTo(sink), events: (await counts()).events };
}

/** Notes one after the other: origin, size and root stand in the first three lines of each. */
async function deliveredTo(sink: string): Promise<Signed[]> {
  const text = await readFile(sink, 'utf8').catch(() => '');
  const notes = text.matchAll(/^[^\n—]+\n(\d+)\n([A-Za-z0-9+/]{43}=)\n\n—/gm);
  return [...notes].map(([, size, root]) => ({
    size: Number(size),
    root: Buffer.from(root!, 'base64').toString('hex'),
  }));
}
