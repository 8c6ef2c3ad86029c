/** Reading a session's log: the events themselves, in order, as they leave the system. */

import { z } from 'zod';
import { EVENT_COLUMNS, type EventRow, exportedEvent } from '../../core/chain/ledger.ts';
import { count, named, position, uuid } from '../../core/definitions/answers.ts';
import { PAGE_BYTES } from '../../core/definitions/page.ts';
import { defineQuery } from '../../core/definitions/query.ts';
import { wholeNumber } from '../../core/definitions/schemas.ts';
import type { Queryable } from '../../core/sql/queryable.ts';
import { EXAMPLE } from '../exampleValues.ts';
import { eventAnswer } from './eventAnswer.ts';
import { sessionStream, sessionStreamName } from './session.ts';
import { aboutSession } from './sessionQuery.ts';

const MAX_LOGS = 1_000;
const ENDLESS = 2 ** 31 - 1;
const sequence = wholeNumber(1, ENDLESS);

/** With `session_id`, as the stream's kind says. */
type Logged = z.output<typeof eventAnswer>;

const logAnswer = named(
  'Log',
  z.strictObject({
    session_id: uuid,
    start_sequence: count,
    /** The last that is here. */
    end_sequence: count,
    head: position,
    /** Is the session completed? */
    is_complete: z.boolean(),
    /** Where to go on; null where nothing is left. */
    next_sequence: count.nullable(),
    logs: z.array(eventAnswer),
  }),
  {
    ...{ session_id: EXAMPLE.session_id, start_sequence: 1, end_sequence: 0, head: EXAMPLE.head },
    ...{ is_complete: false, next_sequence: null, logs: [] },
  },
);

export const readLog = defineQuery({
  name: 'session.logs',
  route: 'GET /api/session/:session_id/logs',
  summary: 'The events of a session, a range at a time',
  roles: 'anyone',
  query: z.strictObject({
    start_sequence: sequence.default(1),
    end_sequence: sequence.default(ENDLESS),
    limit: wholeNumber(1, MAX_LOGS).default(MAX_LOGS),
  }),
  target: aboutSession,
  answer: logAnswer,
  read: ({ db, params, query }) => readRange(db, params.session_id, query),
});

export const readReplay = defineQuery({
  name: 'session.replay',
  route: 'GET /api/session/:session_id/replay',
  summary: 'The events of a session from one on, that one included',
  roles: 'anyone',
  query: z.strictObject({ from_sequence: sequence.default(1) }),
  target: aboutSession,
  answer: logAnswer,
  read({ db, params, query }) {
    const range = { start_sequence: query.from_sequence, end_sequence: ENDLESS, limit: MAX_LOGS };
    return readRange(db, params.session_id, range);
  },
});

/** What an event is in JSON beside its payload. */
const ENVELOPE_BYTES = 700;

/**
 * Events of a stream from one sequence to another, both included, at most `limit`, ended by the event with which they come
 * to a page's length. The length of a payload is known without it.
 */
async function readPage(db: Queryable, stream: string, from: number, to: number, limit: number): Promise<Logged[]> {
  const text = `
    select * from (
      select ${EVENT_COLUMNS}, sum(${ENVELOPE_BYTES} + coalesce(octet_length(p.payload), 0)) over before as bytes_before
      from events e left join event_payloads p on p.stream = e.stream and p.sequence = e.sequence
      where e.stream = $1 and e.sequence between $2 and $3
      window before as (order by e.sequence rows between unbounded preceding and 1 preceding)
      order by e.sequence limit $4) page
    where coalesce(bytes_before, 0) < ${PAGE_BYTES} order by sequence`;
  const { rows } = await db.query<EventRow>({ name: 'read-log-page', text, values: [stream, from, to, limit] });
  return rows.map((row) => exportedEvent(row, sessionStream) as Logged);
}

interface LogRange {
  start_sequence: number;
  end_sequence: number;
  limit: number;
}

/** A range of the log, both ends included. `end_sequence` is the last returned, `next_sequence` null when none is left. */
async function readRange(db: Queryable, session_id: string, range: LogRange) {
  const stream = sessionStreamName(session_id);
  const { rows } = await db.query<{ event_sequence: number; event_hash: string; is_complete: boolean }>(
    `select h.sequence as event_sequence, encode(h.event_hash, 'hex') as event_hash, s.status = 'completed' as is_complete
     from courtroom_sessions s join streams h on h.stream = $2 where s.id = $1`,
    [session_id, stream],
  );
  const [found] = rows;
  if (!found) return undefined;
  const { is_complete, ...head } = found;
  const { start_sequence, limit } = range;
  const last = Math.min(range.end_sequence, head.event_sequence);
  const logs = await readPage(db, stream, start_sequence, last, limit);
  const end_sequence = logs.at(-1)?.event_sequence ?? start_sequence - 1;
  const next_sequence = end_sequence < last ? end_sequence + 1 : null;
  return { session_id, start_sequence, end_sequence, head, is_complete, next_sequence, logs };
}
