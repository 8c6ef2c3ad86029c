/** The audit trail of an institution, the latest first; a super_admin reads all. */
import { z } from 'zod';
import { type Actor, ADMINS } from '../core/definitions/actor.ts';
import { pageOf, pageQuery } from '../core/definitions/page.ts';
import { defineQuery } from '../core/definitions/query.ts';
import { id, instant } from '../core/definitions/schemas.ts';
import { ENTRY_TYPES, entriesAnswer, type entryAnswer } from './entry.ts';

const query = z.strictObject({
  type: z.enum(ENTRY_TYPES).optional(),
  /** Whose doing it was. */
  user: id.optional(),
  ...pageQuery([instant, id]),
});

const COLUMNS = `id, owner, type, user_id, role, action, outcome, code, command_id, subject, count, happened_at,
  recorded_at, event_sequence, data_sha256, data_bytes`;

type Row = z.output<typeof entryAnswer>;

/** What is asked for stands in the statement only where something is, so that an index leads to it. */
function statementOf(actor: Actor, { type, user, cursor, limit }: z.output<typeof query>) {
  const values: unknown[] = [limit + 1];
  const is = (condition: (place: string) => string, value: unknown) => condition(`$${values.push(value)}`);
  const conditions = [
    ...(actor.role === 'super_admin' ? [] : [is((place) => `owner = ${place}`, actor.institution_id)]),
    ...(type === undefined ? [] : [is((place) => `type = ${place}`, type)]),
    ...(user === undefined ? [] : [is((place) => `user_id = ${place}`, user)]),
    ...(cursor === undefined
      ? []
      : [`(recorded_at, id) < (${is((one) => one, cursor[0])}::timestamptz, ${is((one) => one, cursor[1])}::uuid)`]),
  ];
  const where = conditions.length > 0 ? `where ${conditions.join(' and ')}` : '';
  return { text: `select ${COLUMNS} from audit_entries ${where} order by recorded_at desc, id desc limit $1`, values };
}

export const readEntries = defineQuery({
  name: 'audit.list',
  route: 'GET /audit',
  summary: 'The audit trail of your institution, the latest first',
  roles: ADMINS,
  query,
  target: () => null,
  answer: entriesAnswer,
  async read({ db, actor, query }) {
    const { text, values } = statementOf(actor, query);
    const { rows } = await db.query<Row>(text, values);
    return pageOf(
      rows,
      query,
      (row) => row,
      ({ recorded_at, id }) => [recorded_at, id],
    );
  },
});
