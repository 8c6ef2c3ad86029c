/** Many halls at once, without anybody's seat: for those that are asked again and again who may hear their galleries. */
import type { Queryable } from '../core/sql/queryable.ts';
import { HALL_COLUMNS, HALL_JOINS, type Hall } from './hall.ts';

const HALLS = `select ${HALL_COLUMNS} from courtroom_sessions s ${HALL_JOINS} where s.id = any($1)`;

/** By session. */
export async function readHalls(
  db: Queryable,
  session_ids: readonly string[],
): Promise<Map<string, Omit<Hall, 'seat'>>> {
  const { rows } = await db.query<Omit<Hall, 'seat'>>({ name: 'read-halls', text: HALLS, values: [session_ids] });
  return new Map(rows.map((hall) => [hall.session_id, hall]));
}
