/**
 * People come and go: who stood on a roster and was replaced keeps a row that says so and has no seat any more, a
 * match that was called off says so, a seat knows since when its last socket is gone, and recordings are listed.
 * Who ever had a socket is known beside the chain.
 */
import type { Knex } from 'knex';
import { rolesOf } from './roles.ts';

const SEES_ALL = ['worker', 'verifier', 'relay'] as const;

const hasSeat = (condition: string) => `
    create or replace function has_seat(assignment uuid) returns boolean
    language plpgsql stable parallel safe security definer set search_path = pg_catalog, pg_temp as $$
    begin
      return exists (
        select from public.rosters where assignment_id = assignment
          and user_id = nullif(current_setting('plearoll.user_id', true), '')::uuid${condition});
    end $$;`;

export async function up(knex: Knex): Promise<void> {
  const roles = rolesOf(knex);
  await knex.raw(`
    alter table assignments
      add column cancelled_at timestamptz(3),
      add column cancel_reason varchar(500),
      add constraint ck_assignment_cancelled check ((cancelled_at is null) = (cancel_reason is null));

    alter table rosters
      add column replaced_at timestamptz(3),
      add column replaced_by uuid,
      add constraint ck_roster_replaced check ((replaced_at is null) = (replaced_by is null)),
      add constraint ck_roster_replaced_presiding check (not presiding or replaced_at is null);
    -- Judged at the end of the transaction: the presiding role passes from one row to another in no fixed order.
    drop index uq_roster_presiding;
    alter table rosters add constraint uq_roster_presiding
      exclude (assignment_id with =) where (presiding) deferrable initially deferred;
    grant select (replaced_at) on rosters to ${roles.door};
    ${hasSeat(' and replaced_at is null')}

    alter table session_participations
      add column unseen_since timestamptz(3),
      add constraint ck_participant_reconnecting check (status <> 'reconnecting' or unseen_since is not null);
    create index session_participations_unseen on session_participations (unseen_since, id)
      where status = 'reconnecting';
    create index session_participations_connected on session_participations (id) where status = 'connected';

    -- Leases are forgotten, by a wipe of Redis or with the process. Whose presence is judged at all is not.
    create table presence_judged (
      session_id uuid not null references courtroom_sessions (id) on delete restrict,
      user_id uuid not null,
      primary key (session_id, user_id)
    );
    grant select, insert on presence_judged to ${roles.worker};
    alter table presence_judged enable row level security, force row level security;
    create policy worker_all on presence_judged to ${roles.worker} using (true) with check (true);

    create table session_recordings (
      id uuid primary key,
      assignment_id uuid not null references assignments (id) on delete restrict,
      session_id uuid not null references courtroom_sessions (id) on delete restrict,
      url varchar(2048) not null,
      title text,
      added_by text not null,
      added_at timestamptz(3) not null,
      constraint uq_recording_url unique (session_id, url),
      constraint ck_recording_url check (url like 'https://%')
    );
    create index session_recordings_in_order on session_recordings (session_id, added_at, id);
    create index session_recordings_by_assignment on session_recordings (assignment_id);

    -- Recordings come after the end, so it is not the session that freezes them: none ever changes.
    create trigger session_recordings_are_immutable before update or delete on session_recordings
      for each row execute function refuse_change();
    alter table session_recordings enable always trigger session_recordings_are_immutable;
    create trigger session_recordings_stay before truncate on session_recordings
      for each statement execute function refuse_change();
    alter table session_recordings enable always trigger session_recordings_stay;

    grant select on session_recordings to ${roles.api}, ${roles.relay}, ${roles.worker}, ${roles.verifier};
    grant insert on session_recordings to ${roles.worker};
    alter table session_recordings enable row level security, force row level security;
    ${SEES_ALL.map((role) => `create policy ${role}_all on session_recordings to ${roles[role]} using (true) with check (true);`).join('\n')}
    create policy api_in_scope on session_recordings for select to ${roles.api}
      using ((select true from courtroom_sessions s where s.id = session_id));
  `);
}

export async function down(knex: Knex): Promise<void> {
  const roles = rolesOf(knex);
  await knex.raw(`
    drop table session_recordings;
    drop table presence_judged;
    drop index session_participations_unseen, session_participations_connected;
    alter table session_participations drop constraint ck_participant_reconnecting, drop column unseen_since;
    ${hasSeat('')}
    alter table rosters drop constraint uq_roster_presiding, drop constraint ck_roster_replaced_presiding,
      drop constraint ck_roster_replaced;
    revoke select (replaced_at) on rosters from ${roles.door};
    alter table rosters drop column replaced_at, drop column replaced_by;
    create unique index uq_roster_presiding on rosters (assignment_id) where presiding;
    alter table assignments drop constraint ck_assignment_cancelled, drop column cancelled_at, drop column cancel_reason;
  `);
}
