/** Reading a session's turns in their order, a voided one before what replaced it, and the format that they follow. */
import { z } from 'zod';
import { named, text } from '../../core/definitions/answers.ts';
import { pageOf, pageQuery } from '../../core/definitions/page.ts';
import { defineQuery } from '../../core/definitions/query.ts';
import { id } from '../../core/definitions/schemas.ts';
import { type Format, formatAnswer } from '../formats/format.ts';
import { sessionStreamName } from '../sessions/session.ts';
import { aboutSession } from '../sessions/sessionQuery.ts';
import { timedTurnAnswer, turnResource } from './shownTurn.ts';
import type { Turn } from './turn.ts';

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

const PAGE = `
  select ${COLUMNS.map((name) => `t.${name}`).join(', ')}, s.format, ${SERVER_TIME} as server_time
  from session_turns t join courtroom_sessions s on s.id = t.session_id
  join streams h on h.stream = $4
  where t.session_id = $1 and ($2::integer is null or (t.order_index, t.id) > ($2, $5::uuid))
  order by t.order_index, t.id limit $3`;

const START_FIRST = 'Start the session first: that plans the turns of its format.';

const turnList = named(
  'TurnList',
  z.strictObject({
    /** Null before the session was started: then there are no turns. */
    format: formatAnswer.nullable(),
    items: z.array(timedTurnAnswer),
    next_cursor: z.string().nullable(),
    /** Of an empty list: what is missing. */
    hint: text.exactOptional(),
  }),
  { format: null, items: [], next_cursor: null, hint: START_FIRST },
);

export const readTurns = defineQuery({
  name: 'session.turns',
  route: 'GET /api/session/:session_id/turns',
  summary: 'The turns in the order in which they were planned, each with its clock, and the format they follow',
  roles: 'anyone',
  query: z.strictObject(pageQuery([z.string().regex(/^[0-9]{1,9}$/), id])),
  target: aboutSession,
  answer: turnList,
  async read({ db, params: { session_id }, query }) {
    const [after_place = null, after_id = null] = query.cursor ?? [];
    const values = [session_id, after_place, query.limit + 1, sessionStreamName(session_id), after_id];
    const { rows } = await db.query<TurnRow>(PAGE, values);
    const resource = ({ format, server_time, ...turn }: TurnRow) => turnResource(turn, format, server_time);
    const isEmpty = rows.length === 0 && query.cursor === undefined;
    return {
      ...(isEmpty && { hint: START_FIRST }),
      format: rows[0]?.format ?? null,
      ...pageOf(rows, query, resource, (row) => [String(row.order_index), row.id]),
    };
  },
});
