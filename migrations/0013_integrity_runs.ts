/**
 * Verifications that somebody asked for, and their verdicts. The door writes down that one is wanted, in the two columns
 * that say of what; all else, the verdict above all, is the worker's to write. Equal ones under way are one.
 */
import type { Knex } from 'knex';
import { rolesOf } from './roles.ts';

export async function up(knex: Knex): Promise<void> {
  const roles = rolesOf(knex);
  await knex.raw(`
    create table integrity_runs (
      id uuid primary key,
      -- Null: everything.
      institution_id uuid,
      state text not null default 'waiting',
      asked_at timestamptz(3) not null default clock_timestamp(),
      due_at timestamptz(3) not null default clock_timestamp(),
      attempts smallint not null default 0,
      run uuid,
      started_at timestamptz(3),
      finished_at timestamptz(3),
      report json,
      error text,
      constraint ck_integrity_run_state_valid check (state in ('waiting', 'running', 'done', 'failed')),
      constraint ck_integrity_run_held check ((state = 'running') = (run is not null)),
      constraint ck_integrity_run_finished check ((state in ('done', 'failed')) = (finished_at is not null)),
      constraint ck_integrity_run_report check ((state = 'done') = (report is not null)),
      constraint ck_integrity_run_error check (state <> 'failed' or error is not null)
    );
    create unique index uq_integrity_run_under_way on integrity_runs (institution_id) nulls not distinct
      where state in ('waiting', 'running');
    create index integrity_runs_due on integrity_runs (due_at) where state in ('waiting', 'running');
    create index integrity_runs_in_order on integrity_runs (institution_id, asked_at, id);
    create index integrity_runs_finished on integrity_runs (finished_at) where finished_at is not null;

    grant insert (id, institution_id), select (id, institution_id, state) on integrity_runs to ${roles.door};
    grant select on integrity_runs to ${roles.api};
    grant select, update, delete on integrity_runs to ${roles.worker};
    alter table integrity_runs enable row level security, force row level security;
    create policy worker_all on integrity_runs to ${roles.worker} using (true) with check (true);
    create policy door_all on integrity_runs to ${roles.door} using (true) with check (true);
    create policy api_in_scope on integrity_runs for select to ${roles.api}
      using (current_setting('plearoll.role', true) = 'super_admin'
        or (current_setting('plearoll.role', true) = 'admin'
          and institution_id = nullif(current_setting('plearoll.institution_id', true), '')::uuid));
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop table integrity_runs');
}
