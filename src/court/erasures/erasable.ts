/** The event whose payload is to be erased, as it stands in the record when the command is decided. */
import { EVENT_COLUMNS, type EventRow } from '../../core/chain/ledger.ts';
import type { FactSource } from '../../core/definitions/command.ts';

/** Whose event: the session's, or its assignment's. */
export const WHOSE = ['session', 'assignment'] as const;

interface Named {
  session_id: string;
  stream: (typeof WHOSE)[number];
  event_sequence: number;
}

const ERASABLE = `
  select asked.key, ${EVENT_COLUMNS}
  from unnest($1::text[], $2::uuid[], $3::text[], $4::integer[]) as asked (key, session_id, whose, sequence)
  join courtroom_sessions s on s.id = asked.session_id
  join events e on e.sequence = asked.sequence and e.stream = case asked.whose
    when 'session' then 'session:' || s.id else 'assignment:' || s.assignment_id end
  left join event_payloads p on p.stream = e.stream and p.sequence = e.sequence`;

export const erasable: FactSource<Named, EventRow> = {
  key: ({ input: { session_id, stream, event_sequence } }) => `${session_id} ${stream} ${event_sequence}`,
  async load(db, keys) {
    const asked = keys.map((key) => key.split(' '));
    const values = [keys, ...[0, 1, 2].map((part) => asked.map((parts) => parts[part]))];
    const { rows } = await db.query<EventRow & { key: string }>(ERASABLE, values);
    return new Map(rows.map(({ key, ...row }) => [key, row]));
  },
};
