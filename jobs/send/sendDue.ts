/**
 * Sends a command for each row that is due and not left out, batch by batch and from one sort key to the next, so that a row is met once
 * in a run however long its command waits. The key of each makes a second run send nothing twice.
 */
import type { JsonObject } from '../../src/core/definitions/event.ts';
import { pipelined } from '../../src/core/sql/pipelined.ts';
import type { JobTools } from '../job.ts';

type Order = Parameters<JobTools['send']>[0];

const BATCH = 100;

/** @param readAfter the due rows that follow `last` in a fixed order, at most `limit` */
export async function sendDue<Row>(
  tools: Pick<JobTools, 'send' | 'progress' | 'isOver'>,
  readAfter: (last: Row | undefined, limit: number) => Promise<Row[]>,
  orderOf: (row: Row) => Order | undefined,
): Promise<JsonObject> {
  let sent = 0;
  let last: Row | undefined;
  while (!tools.isOver()) {
    const rows = await readAfter(last, BATCH);
    const orders = rows.map(orderOf).filter((order) => order !== undefined);
    await pipelined(orders.map((order) => tools.send(order)));
    sent += orders.length;
    await tools.progress(sent);
    if (rows.length < BATCH) return { sent, is_complete: true };
    last = rows.at(-1);
  }
  return { sent, is_complete: false };
}
