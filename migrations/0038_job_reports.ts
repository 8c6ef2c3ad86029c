/** What timed verifications say of themselves is stored as runs are, signed; and each run says what the log was compared with. */
import type { Knex } from 'knex';
import { rolesOf } from './roles.ts';

export async function up(knex: Knex): Promise<void> {
  const { worker } = rolesOf(knex);
  await knex.raw(`
    alter table integrity_runs
      -- Null: asked for.
      add column job text,
      -- Trees of the log from outside the database, and whose signatures are under them.
      add column anchors json not null default '[]';
    create index integrity_runs_of_jobs on integrity_runs (job, asked_at, id) where job is not null;
    grant insert on integrity_runs to ${worker};
  `);
}

export async function down(knex: Knex): Promise<void> {
  const { worker } = rolesOf(knex);
  await knex.raw(`
    revoke insert on integrity_runs from ${worker};
    drop index integrity_runs_of_jobs;
    delete from integrity_runs where job is not null;
    alter table integrity_runs drop column job, drop column anchors;
  `);
}
