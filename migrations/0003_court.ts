/** The court: assignments with their rosters, sessions, and who takes part. All but observations are projections. */
import type { Knex } from 'knex';
import { rolesOf } from './roles.ts';

export async function up(knex: Knex): Promise<void> {
  const roles = rolesOf(knex);
  await knex.raw(`
    create table assignments (
      id uuid primary key,
      institution_id uuid not null,
      title text not null,
      courtroom text not null,
      scheduled_at timestamptz(3) not null,
      visibility text not null,
      format text not null,
      created_at timestamptz(3) not null,
      constraint ck_assignment_visibility_valid check (visibility in ('private', 'institution', 'public'))
    );
    create index assignments_by_institution on assignments (institution_id, id);
    create index assignments_public on assignments (id) where visibility = 'public';

    create table rosters (
      assignment_id uuid not null references assignments (id) on delete restrict,
      user_id uuid not null,
      role text not null,
      name text not null,
      presiding boolean not null default false,
      place smallint not null,
      primary key (assignment_id, user_id),
      constraint ck_roster_role_valid check (role in ('petitioner', 'respondent', 'judge', 'moderator')),
      constraint ck_roster_presiding check (not presiding or role = 'judge')
    );
    create index rosters_by_user on rosters (user_id, assignment_id);
    create unique index uq_roster_presiding on rosters (assignment_id) where presiding;

    create table courtroom_sessions (
      id uuid primary key,
      assignment_id uuid not null references assignments (id) on delete restrict,
      institution_id uuid not null,
      title text not null,
      courtroom text not null,
      visibility text not null,
      status text not null,
      metadata json not null,
      created_at timestamptz(3) not null,
      started_at timestamptz(3),
      ended_at timestamptz(3),
      recording_url varchar(500),
      integrity_hash char(64),
      constraint uq_session_assignment unique (assignment_id),
      constraint ck_session_status_valid check (status in ('pending', 'active', 'paused', 'completed')),
      constraint ck_session_integrity check ((status = 'completed') = (integrity_hash is not null))
    );
    create index courtroom_sessions_active on courtroom_sessions (started_at, id) where status = 'active';

    create table session_participations (
      id uuid primary key,
      session_id uuid not null references courtroom_sessions (id) on delete restrict,
      user_id uuid not null,
      name text not null,
      role text not null,
      status text not null,
      joined_at timestamptz(3) not null,
      left_at timestamptz(3),
      connection_count integer not null,
      client_info json,
      constraint uq_participation_user unique (session_id, user_id),
      constraint ck_participant_role_valid check (role in ('petitioner', 'respondent', 'judge', 'moderator')),
      constraint ck_participant_status_valid check (status in ('connected', 'reconnecting', 'disconnected')),
      constraint ck_connection_count_positive check (connection_count > 0)
    );
    create index session_participations_in_order on session_participations (session_id, joined_at, id);
    create index session_participations_by_user on session_participations (user_id);

    create table session_observations (
      id uuid primary key,
      session_id uuid not null references courtroom_sessions (id) on delete restrict,
      user_id uuid,
      observed_at timestamptz(3) not null,
      left_at timestamptz(3),
      client_info json
    );
    create index session_observations_by_session on session_observations (session_id, observed_at);
    create index session_observations_by_user on session_observations (user_id);

    grant select on assignments, rosters, courtroom_sessions, session_participations, session_observations
      to ${roles.api}, ${roles.relay}, ${roles.worker}, ${roles.verifier};
    grant insert, update on assignments, rosters, courtroom_sessions, session_participations, session_observations
      to ${roles.worker};
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop table session_observations;
    drop table session_participations;
    drop table courtroom_sessions;
    drop table rosters;
    drop table assignments;
  `);
}
