/**
 * Takes from the log what is not signed yet, so that a leaf that turned out bad is not under every later checkpoint for
 * ever: its stream is held back, and all others get new places.
 */
import type { Checkpoint } from '../../core/proof/checkpoint.ts';
import type { Queryable } from '../../core/sql/queryable.ts';
import { writeTiles } from './tileRows.ts';
import { type BadLeaf, signedEdge } from './unsigned.ts';

/** @param db a transaction of role `worker`. @throws {InconsistentLog} */
export async function cutLog(db: Queryable, signed: Checkpoint, bad: BadLeaf[]): Promise<void> {
  await db.query('select from log_state where one for update');
  const edge = await signedEdge(db, signed);
  await db.query(
    `with cut as (delete from log_leaves where index >= $1 returning stream)
     insert into log_queue (stream) select distinct stream from cut`,
    [signed.size],
  );
  // Tiles of which nothing is signed, at each level.
  await db.query('delete from log_tiles where index * 256 >= $1::bigint / (256 ^ level)::bigint', [signed.size]);
  await writeTiles(db, edge);
  await db.query(
    `insert into log_held (stream, sequence, fault)
     select distinct on (stream) stream, sequence, text from json_to_recordset($1) as h (stream text, sequence integer, text text)
     order by stream, sequence
     on conflict (stream) do nothing`,
    [JSON.stringify(bad)],
  );
  await db.query('update log_state set size = $1, sweep_due = clock_timestamp() where one', [signed.size]);
}
