/**
 * The list of an evening: matches in the order of their time, each reason to see one by its own index, and what stands in
 * a courtroom when. Moderators run a session where its match says so.
 */
import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table assignments add column moderators_run boolean not null default false;
    create index assignments_by_time on assignments (scheduled_at, id);
    create index assignments_of_institution_by_time on assignments (institution_id, scheduled_at, id);
    create index assignments_public_by_time on assignments (scheduled_at, id) where visibility = 'public';
    create index assignments_of_courtroom_by_time on assignments (institution_id, courtroom, scheduled_at, id);
    create index courtroom_sessions_unfinished on courtroom_sessions (institution_id, assignment_id)
      where status <> 'completed';
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop index courtroom_sessions_unfinished, assignments_of_courtroom_by_time, assignments_public_by_time,
      assignments_of_institution_by_time, assignments_by_time;
    alter table assignments drop column moderators_run;
  `);
}
