/**
 * Verifications at a level and of a scope: what was asked for is the door's to write, how far it has come and what was
 * found the worker's. Equal ones under way are still one, and those of global-verify are not those that were asked for by level.
 */
import type { Knex } from 'knex';
import { rolesOf } from './roles.ts';

export async function up(knex: Knex): Promise<void> {
  const { door } = rolesOf(knex);
  await knex.raw(`
    alter table integrity_runs
      -- False: begun by global-verify.
      add column is_leveled boolean not null default false,
      add column scope text not null default 'all',
      add column level text not null default 'self',
      -- The signed note that was given, for the level anchored.
      add column checkpoint text,
      add column progress_done integer not null default 0,
      add column progress_total integer not null default 0,
      add column verdict text,
      add column counts json not null default '{}',
      add column findings json not null default '[]',
      add column findings_omitted integer not null default 0,
      -- A note over the run, by the head key; null where there was none.
      add column signed_report text,
      add constraint ck_integrity_run_level_valid check (level in ('self', 'log', 'anchored')),
      add constraint ck_integrity_run_anchored check ((level = 'anchored') = (checkpoint is not null)),
      add constraint ck_integrity_run_verdict_valid
        check (verdict in ('intact@self', 'intact@log', 'intact@anchored', 'tampered', 'unverifiable'));
    drop index uq_integrity_run_under_way;
    create unique index uq_integrity_run_under_way
      on integrity_runs (institution_id, is_leveled, scope, level, md5(checkpoint)) nulls not distinct
      where state in ('waiting', 'running');
    create index integrity_runs_newest on integrity_runs (asked_at, id);
    grant insert (is_leveled, scope, level, checkpoint), select (is_leveled, scope, level, checkpoint)
      on integrity_runs to ${door};
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    delete from integrity_runs where is_leveled;
    drop index integrity_runs_newest, uq_integrity_run_under_way;
    create unique index uq_integrity_run_under_way on integrity_runs (institution_id) nulls not distinct
      where state in ('waiting', 'running');
    alter table integrity_runs drop column is_leveled, drop column scope, drop column level, drop column checkpoint,
      drop column progress_done, drop column progress_total, drop column verdict, drop column counts,
      drop column findings, drop column findings_omitted, drop column signed_report;
  `);
}
