/**
 * What the timed jobs know and find: the last check of each session, and findings. Neither belongs to the record. A
 * session need not exist to be checked, and what speaks of tampering must outlive the row it speaks of: no foreign keys.
 */
import type { Knex } from 'knex';
import { rolesOf } from './roles.ts';

export async function up(knex: Knex): Promise<void> {
  const roles = rolesOf(knex);
  await knex.raw(`
    create table session_checks (
      session_id uuid primary key,
      checked_at timestamptz(3) not null,
      event_sequence integer not null,
      is_valid boolean not null,
      issues jsonb not null
    ) with (fillfactor = 85);
    create index session_checks_oldest on session_checks (checked_at, session_id);

    create table findings (
      id uuid primary key,
      job text not null,
      stream text collate "C",
      issues jsonb not null,
      issues_omitted integer not null default 0,
      found_at timestamptz(3) not null,
      last_seen_at timestamptz(3) not null,
      resolved_at timestamptz(3)
    );
    create unique index uq_finding_open on findings ((coalesce(stream, ''))) where resolved_at is null;
    create index findings_in_order on findings (found_at, id);

    create index courtroom_sessions_open on courtroom_sessions (status, id) where status <> 'completed';
    create index session_observations_open on session_observations (observed_at, id) where left_at is null;

    grant select on session_checks to ${roles.api}, ${roles.relay}, ${roles.verifier};
    grant select on findings to ${roles.api}, ${roles.verifier};
    grant select (resolved_at) on findings to ${roles.relay};
    grant select, insert, update on session_checks, findings to ${roles.worker};
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop index session_observations_open;
    drop index courtroom_sessions_open;
    drop table findings;
    drop table session_checks;
  `);
}
