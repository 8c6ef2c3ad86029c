/** What was imported before, as it was then and as it is here now. */
import type { Queryable } from '../../core/sql/queryable.ts';
import type { Known, Ours } from './planImport.ts';

type Row = Omit<Known, 'ours'> & { [Field in keyof Ours]: Ours[Field] | null } & { is_made: boolean };

const people = (role: string) => `
  array(select r.user_id from rosters r where r.assignment_id = a.id and r.role = '${role}' and r.replaced_at is null
    order by r.presiding desc, r.place)`;

const KNOWN = `
  select m.provider_id as debate, m.round, m.canonical_id as assignment_id, m.base, a.id is not null as is_made,
    a.title, a.courtroom, a.scheduled_at, a.visibility, a.format, a.cancelled_at is not null as is_cancelled,
    ${people('petitioner')} as petitioner, ${people('respondent')} as respondent, ${people('judge')} as panel,
    s.status as session
  from feed_mappings m left join assignments a on a.id = m.canonical_id left join courtroom_sessions s on s.assignment_id = a.id
  where m.feed_id = $1 and m.entity_type = 'debate'`;

/** @param debates ids that may be those of other rounds */
export async function readKnown(
  db: Queryable,
  feed_id: string,
  rounds: readonly number[],
  debates: readonly string[],
): Promise<Known[]> {
  const text = `${KNOWN} and m.round = any($2) union all ${KNOWN} and m.provider_id = any($3) and m.round <> all($2)`;
  const { rows } = await db.query<Row>(text, [feed_id, rounds, debates]);
  return rows.map(knownOf);
}

function knownOf({ debate, round, assignment_id, base, is_made, ...ours }: Row): Known {
  return { debate, round, assignment_id, base, ours: is_made ? (ours as Ours) : null };
}
