/**
 * Keeping what was found: one pending threat for whom or what it was found about and by which way, however often it is found;
 * none within a day after an admin has said what it was; and of an owner so many pending ones at most. Of addresses, which
 * nobody has to have a token for, those go that were not found for longest. What was told is told, however sure it is next.
 */
import { NIL_ID, newCommandId as newId } from '../core/chain/ids.ts';
import type { Queryable } from '../core/sql/queryable.ts';
import type { Found } from './threat.ts';

const MOST_PENDING = 5_000;
const QUIET_HOURS = 24;

/** As the index of pending ones has it: migrations/0094_threats.ts. */
export const ownerIn = (row: string) => `coalesce(${row}.institution_id, '${NIL_ID}'::uuid)`;
const SAME = `${ownerIn('p')} = ${ownerIn('w')} and p.found_by = w.found_by
        and p.subject_kind = w.subject_kind and p.subject = w.subject`;

export const STORE = {
  name: 'store-threats',
  text: `
    with wanted as materialized (
      select * from json_to_recordset($1) as w (id uuid, institution_id uuid, type text, found_by text, subject_kind text,
        subject text, confidence smallint, evidence json)
    ), owners as materialized (
      select o.owner, (select count(*) from (select from threat_predictions p
          where ${ownerIn('p')} = o.owner and p.status = 'pending' limit ${MOST_PENDING}) k) as pending
      from (select distinct ${ownerIn('w')} as owner from wanted w) o
    ), again as (
      update threat_predictions p
      set type = w.type, confidence = w.confidence, evidence = w.evidence, seen_at = clock_timestamp()
      from wanted w where p.status = 'pending' and ${SAME}
      returning p.id, w.id as wanted
    ), added as (
      insert into threat_predictions (id, institution_id, type, found_by, subject_kind, subject, confidence, evidence)
      select w.id, w.institution_id, w.type, w.found_by, w.subject_kind, w.subject, w.confidence, w.evidence from wanted w
      where w.id not in (select wanted from again)
        and not exists (select from threat_predictions p
          where ${SAME} and p.decided_at > clock_timestamp() - interval '${QUIET_HOURS} hours')
        and (select o.pending from owners o where o.owner = ${ownerIn('w')}) < ${MOST_PENDING}
      on conflict do nothing
      returning id
    )
    select id, wanted, false as is_new from again union all select id, id, true from added`,
};

const MAKE_ROOM = {
  name: 'make-room-for-threats',
  text: `
    with pending as materialized (
      select p.id, p.subject, p.seen_at from threat_predictions p
      where ${ownerIn('p')} = '${NIL_ID}' and p.status = 'pending' and p.found_by = 'brute_force'
    )
    delete from threat_predictions where id in (
      select id from pending where subject <> all($1) order by seen_at, id limit greatest(0, (select count(*) from pending)
        + (select count(*) from unnest($1::text[]) as n (subject) where n.subject not in (select subject from pending))
        - ${MOST_PENDING}))`,
};

export interface StoredThreat extends Found {
  id: string;
  is_new: boolean;
}

/** @param db of role `worker` @returns those that are kept, new or found again */
export async function storeThreats(db: Queryable, found: readonly Found[]): Promise<StoredThreat[]> {
  if (found.length === 0) return [];
  const addresses = found.filter(({ found_by }) => found_by === 'brute_force').map(({ subject }) => subject);
  if (addresses.length > 0) await db.query({ ...MAKE_ROOM, values: [addresses] });
  const byId = new Map(found.map((one) => [newId(), one]));
  const wanted = [...byId].map(([id, one]) => ({ id, ...one }));
  const values = [JSON.stringify(wanted)];
  const { rows } = await db.query<{ id: string; wanted: string; is_new: boolean }>({ ...STORE, values });
  return rows.map(({ id, wanted, is_new }) => ({ ...byId.get(wanted)!, id, is_new }));
}
