/** The commands that make a match as it is there, in one field. Read as the admin who settles the conflict. */

import type { First } from '../../core/definitions/command.ts';
import type { Rejection } from '../../core/definitions/problem.ts';
import type { Queryable } from '../../core/sql/queryable.ts';
import { reject } from '../feedProblems.ts';
import { PEOPLE, type PeopleField, type Values, type Wanted } from '../imports/fields.ts';
import { userIdOf } from '../imports/people.ts';
import { substitutionsOf } from '../imports/substitutions.ts';

interface Row {
  assignment_id: string;
  field: string;
  theirs: unknown;
  is_cancelled: boolean;
  petitioner: string[];
  respondent: string[];
  panel: string[];
}

const people = (role: string) => `
  array(select r.user_id from rosters r where r.assignment_id = a.id and r.role = '${role}' and r.replaced_at is null
    order by r.presiding desc, r.place)`;

const OPEN = `
  select c.assignment_id, c.field, c.theirs, a.cancelled_at is not null as is_cancelled,
    ${people('petitioner')} as petitioner, ${people('respondent')} as respondent, ${people('judge')} as panel
  from feed_conflicts c join assignments a on a.id = c.assignment_id
  where c.feed_id = $1 and c.n::text = $2 and c.settled_at is null`;

const REASON = 'It is no longer in the draw of the tournament.';

/** None where the match is so already: what was sent before, and not settled, is not sent again. */
export async function commandsToTake(db: Queryable, feed_id: string, n: string): Promise<First[] | Rejection> {
  const [row] = (await db.query<Row>({ name: 'read-open-conflict', text: OPEN, values: [feed_id, n] })).rows;
  if (!row) return reject('not_found', 'There is no such open conflict.');
  const { assignment_id, field, theirs } = row;
  if (field === 'cancelled') {
    return row.is_cancelled ? [] : [{ name: 'assignment.cancel', input: { assignment_id, reason: REASON } }];
  }
  if (!isPeople(field)) return [{ name: 'assignment.update', input: { assignment_id, [field]: theirs } }];
  const wanted = await namedOf(db, feed_id, theirs as string[]);
  if (wanted.some(({ name }) => name === null))
    return reject('cannot_take', 'The site keeps a name to itself.', NAMELESS);
  const substitutions = substitutionsOf(field, row as unknown as Values, { [field]: wanted } as unknown as Wanted);
  if (typeof substitutions !== 'string') {
    return substitutions.map((one) => ({ name: 'assignment.substitute', input: { assignment_id, ...one } }));
  }
  const isSo = substitutions === 'chair_changed' && (field !== 'panel' || row.panel[0] === (theirs as string[])[0]);
  return isSo ? [] : reject('cannot_take', 'No command makes the roster so.', { why: substitutions });
}

const isPeople = (field: string): field is PeopleField => (PEOPLE as readonly string[]).includes(field);

const NAMELESS = { why: 'anonymous_names' };

/** A person who was linked since the conflict was found stands in it as who that would have been. */
async function namedOf(db: Queryable, feed_id: string, ids: readonly string[]) {
  const text = `select provider_id, user_id, name from feed_people
    where feed_id = $1 and name is not null and (user_id = any($2) or is_linked)`;
  const { rows } = await db.query<{ provider_id: string; user_id: string; name: string }>(text, [feed_id, ids]);
  const names = new Map([
    ...rows.map(({ provider_id, name }) => [userIdOf(feed_id, provider_id), name] as const),
    ...rows.map(({ user_id, name }) => [user_id, name] as const),
  ]);
  return ids.map((user_id) => ({ user_id, name: names.get(user_id) ?? null }));
}
