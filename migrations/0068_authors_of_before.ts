/** The numbers of the events of bans from before they were kept, without which nothing erases those. */
import type { Knex } from 'knex';
import { rolesOf } from './roles.ts';

const EVENTS_OF_BANS = `
  update guard_bans b set events = told.events
  from (
    select kept.id, array_agg(e.sequence order by e.sequence) as events
    from guard_bans kept
    join events e on e.stream = 'guard:' || kept.owner
    join event_payloads p on p.stream = e.stream and p.sequence = e.sequence
      and p.payload::jsonb ->> 'ban_id' = kept.id::text
    where kept.events is null and kept.value is not null
    group by kept.id) told
  where b.id = told.id`;

export async function up(knex: Knex): Promise<void> {
  // Whom the tables belong to sees no rows of theirs; the worker does.
  await knex.raw(`set local role ${rolesOf(knex).worker}; ${EVENTS_OF_BANS}; reset role;`);
}

export async function down(): Promise<void> {
  // What is known of bans does no harm.
}
