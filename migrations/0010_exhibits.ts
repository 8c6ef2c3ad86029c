/**
 * Exhibits, a projection like turns and objections, frozen with their session. Their files lie beside the database, under
 * the hash that stands here; what names a file is found by index, so that a file nobody names can be swept.
 */
import type { Knex } from 'knex';
import { rolesOf } from './roles.ts';

const SEES_ALL = ['worker', 'verifier', 'relay', 'door'] as const;

export async function up(knex: Knex): Promise<void> {
  const roles = rolesOf(knex);
  await knex.raw(`
    -- Whose files a folder holds is written in it, so that nobody sweeps another installation's.
    alter table installation add column id uuid not null default gen_random_uuid();
    grant select (id) on installation to ${roles.worker};

    create table exhibits (
      id uuid primary key,
      session_id uuid not null references courtroom_sessions (id) on delete restrict,
      side text not null,
      title varchar(200) not null,
      media_type text not null,
      size_bytes integer not null,
      sha256 char(64) not null,
      state text not null,
      number integer,
      uploaded_by text not null,
      uploaded_at timestamptz(3) not null,
      marked_by text,
      marked_at timestamptz(3),
      turn_id uuid references session_turns (id) on delete restrict,
      tendered_by text,
      tendered_at timestamptz(3),
      ruling varchar(500),
      ruled_by text,
      ruled_at timestamptz(3),
      withdrawn_by text,
      withdrawn_at timestamptz(3),
      constraint uq_exhibit_number unique (session_id, side, number),
      constraint ck_exhibit_side_valid check (side in ('petitioner', 'respondent')),
      constraint ck_exhibit_media_type_valid check (media_type in ('application/pdf', 'image/png', 'image/jpeg')),
      constraint ck_exhibit_file check (size_bytes between 1 and 20971520 and sha256 ~ '^[0-9a-f]{64}$'),
      constraint ck_exhibit_state_valid check (state in
        ('uploaded', 'marked', 'tendered', 'admitted', 'rejected', 'withdrawn', 'unruled')),
      constraint ck_exhibit_marked check ((number is not null) = (marked_at is not null) and number > 0
        and (state = 'withdrawn' or (state = 'uploaded') = (number is null))),
      constraint ck_exhibit_tendered check (state not in ('tendered', 'admitted', 'rejected', 'unruled')
        or (tendered_at is not null and turn_id is not null)),
      constraint ck_exhibit_ruled check (
        (state in ('admitted', 'rejected')) = (ruled_at is not null and ruled_by is not null)),
      constraint ck_exhibit_withdrawn check ((state = 'withdrawn') = (withdrawn_at is not null))
    );
    create index exhibits_in_order on exhibits (session_id, uploaded_at, id);
    create index exhibits_of_file on exhibits (sha256);
    create index commands_of_file on commands ((input -> 'file' ->> 'sha256')) where name = 'exhibit.upload';
    create index events_of_uploads on events (stream, sequence) where event_type = 'EXHIBIT_UPLOADED';

    create trigger exhibits_are_frozen before insert or update or delete on exhibits
      for each row execute function refuse_change_after_completion();
    alter table exhibits enable always trigger exhibits_are_frozen;
    create trigger exhibits_stay before truncate on exhibits
      for each statement execute function refuse_change();
    alter table exhibits enable always trigger exhibits_stay;

    grant select on exhibits to ${roles.api}, ${roles.relay}, ${roles.worker}, ${roles.verifier};
    grant insert, update on exhibits to ${roles.worker};
    grant select (id, session_id) on exhibits to ${roles.door};
    alter table exhibits enable row level security, force row level security;
    ${SEES_ALL.map((role) => `create policy ${role}_all on exhibits to ${roles[role]} using (true) with check (true);`).join('\n')}
    create policy api_in_scope on exhibits for select to ${roles.api}
      using ((select true from courtroom_sessions s where s.id = session_id));
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop table exhibits;
    drop index commands_of_file;
    drop index events_of_uploads;
    alter table installation drop column id;
  `);
}
