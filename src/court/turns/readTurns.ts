/** Reading a session's turns, in the order in which they were planned, and the format that they follow. */
import type { JsonObject } from '../../core/definitions/event.ts';
import { type Page, pageOf } from '../../core/definitions/page.ts';
import type { Queryable } from '../../core/sql/queryable.ts';
import type { Format } from '../formats/format.ts';
import { sessionStreamName } from '../sessions/session.ts';
import { type Turn, turnResource } from './turn.ts';

const COLUMNS = [
  ...['id', 'order_index', 'side', 'kind', 'allotted_ms', 'min_ms', 'protected_ms', 'objections', 'continues'],
  ...['state', 'speaker_id', 'speaker_name', 'started_at', 'extension_ms', 'paused_ms', 'paused_since', 'paused_by'],
  ...['expired_at', 'questions', 'question_since', 'ended_at', 'used_ms', 'overtime_ms'],
];
const INSTANTS = ['started_at', 'paused_since', 'expired_at', 'question_since', 'ended_at'];

/** The instant for which clocks are told: the database's own, never before the head of session `s` (joined as `h`). */
export const SERVER_TIME = `greatest(h.occurred_at, date_trunc('milliseconds', clock_timestamp()))`;

const instant = (column: string) => `to_char(t.${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

/** The active turn of session `s` as JSON, or null. */
export const ACTIVE_TURN = `(
  select json_build_object(${COLUMNS.map((name) => `'${name}', ${INSTANTS.includes(name) ? instant(name) : `t.${name}`}`).join()})
  from session_turns t where t.session_id = s.id and t.state = 'active')`;

type TurnRow = Turn & { format: Format | null; server_time: string };

export async function readTurns(db: Queryable, session_id: string, page: Page): Promise<JsonObject> {
  const [after = null] = page.after;
  const { rows } = await db.query<TurnRow>(
    `select ${COLUMNS.map((name) => `t.${name}`).join(', ')}, s.format, ${SERVER_TIME} as server_time
     from session_turns t join courtroom_sessions s on s.id = t.session_id
     join streams h on h.stream = $4
     where t.session_id = $1 and ($2::integer is null or t.order_index > $2) order by t.order_index limit $3`,
    [session_id, after, page.limit + 1, sessionStreamName(session_id)],
  );
  const resource = ({ format, server_time, ...turn }: TurnRow) => turnResource(turn, format, server_time);
  return { format: rows[0]?.format ?? null, ...pageOf(rows, page, resource, (row) => [String(row.order_index)]) };
}
