/**
 * The list of an evening by what few matches have: those that were called off, those of one courtroom, and those whose
 * session is not over, wherever they are listed. By time alone all matches of years would be walked through for them.
 */
import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create index assignments_cancelled_by_time on assignments (scheduled_at, id) where cancelled_at is not null;
    create index assignments_of_institution_cancelled on assignments (institution_id, scheduled_at, id)
      where cancelled_at is not null;
    create index assignments_in_courtroom_by_time on assignments (courtroom, scheduled_at, id);
    create index assignments_public_in_courtroom on assignments (courtroom, scheduled_at, id) where visibility = 'public';
    create index courtroom_sessions_unfinished_public on courtroom_sessions (status, assignment_id)
      where status <> 'completed' and visibility = 'public';
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop index courtroom_sessions_unfinished_public, assignments_public_in_courtroom, assignments_in_courtroom_by_time,
      assignments_of_institution_cancelled, assignments_cancelled_by_time;
  `);
}
