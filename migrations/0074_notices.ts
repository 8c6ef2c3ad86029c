/**
 * Notices, who has read them, what people want to be told of and what they follow. None of it is record. Notices are read by
 * whom they are for, and removed by the worker.
 */
import type { Knex } from 'knex';
import { rolesOf } from './roles.ts';

export async function up(knex: Knex): Promise<void> {
  const { api, door, worker } = rolesOf(knex);
  const secured = (table: string, ...roles: [name: string, role: string][]) => `
    alter table ${table} enable row level security, force row level security;
    ${roles.map(([name, role]) => `create policy ${name}_all on ${table} to ${role} using (true) with check (true);`).join('\n')}`;
  await knex.raw(`
    create table notices (
      id uuid primary key,
      -- user:<id>, admins:<institution>, or super_admins.
      audience text collate "C" not null,
      kind text not null,
      -- What it is about.
      key text collate "C" not null,
      text text not null,
      created_at timestamptz(3) not null default clock_timestamp(),
      constraint uq_notice_key unique (audience, key),
      constraint ck_notice_kind check (kind in ('start', 'ruling', 'result', 'room', 'device', 'notice')),
      constraint ck_notice_bounded check (length(audience) <= 60 and length(key) <= 200 and length(text) <= 500)
    );
    create index notices_of_audience on notices (audience, created_at desc, id desc);
    create index notices_by_age on notices (created_at, id);

    create table notice_reads (
      notice_id uuid not null references notices (id),
      user_id uuid not null,
      read_at timestamptz(3) not null default clock_timestamp(),
      primary key (notice_id, user_id)
    );

    create table notice_preferences (
      user_id uuid primary key,
      -- In whose time zone the quiet hours are.
      institution_id uuid,
      start boolean not null,
      ruling boolean not null,
      result boolean not null,
      room boolean not null,
      device boolean not null,
      quiet_from smallint,
      quiet_to smallint,
      changed_at timestamptz(3) not null,
      constraint ck_notice_preference_hours check ((quiet_from is null) = (quiet_to is null)
        and quiet_from between 0 and 23 and quiet_to between 0 and 23 and quiet_from <> quiet_to)
    );

    create table follows (
      user_id uuid not null,
      -- session:<id>, match:<id>, or team:<name>.
      subject text collate "C" not null,
      -- What the person was when this began: whether a session may be seen is asked of it again.
      role text not null,
      institution_id uuid,
      followed_at timestamptz(3) not null,
      ended_at timestamptz(3),
      primary key (user_id, subject),
      constraint ck_follow_bounded check (length(subject) <= 220)
    );
    create index follows_of_subject on follows (subject, user_id) where ended_at is null;
    create index follows_ended on follows (ended_at) where ended_at is not null;

    create function is_own_audience(audience text) returns boolean
    language sql stable parallel safe as $$
      select audience = 'user:' || nullif(current_setting('plearoll.user_id', true), '')
        or (current_setting('plearoll.role', true) = 'admin'
          and audience = 'admins:' || nullif(current_setting('plearoll.institution_id', true), ''))
        or (current_setting('plearoll.role', true) = 'super_admin' and audience = 'super_admins')
    $$;

    ${secured('notices', ['door', door], ['worker', worker])}
    ${secured('notice_reads', ['door', door], ['worker', worker])}
    ${secured('notice_preferences', ['worker', worker])}
    ${secured('follows', ['worker', worker])}
    grant select (id, audience, created_at) on notices to ${door};
    grant insert (notice_id, user_id), select (notice_id, user_id) on notice_reads to ${door};
    grant select on notices, notice_reads, notice_preferences to ${api};
    grant select, insert, delete on notices, notice_reads to ${worker};
    grant select, insert, update, delete on notice_preferences, follows to ${worker};
    create policy api_own on notices for select to ${api} using (is_own_audience(audience));
    create policy api_own on notice_reads for select to ${api}
      using (user_id = nullif(current_setting('plearoll.user_id', true), '')::uuid);
    create policy api_own on notice_preferences for select to ${api}
      using (user_id = nullif(current_setting('plearoll.user_id', true), '')::uuid);
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop table follows;
    drop table notice_preferences;
    drop table notice_reads;
    drop table notices;
    drop function is_own_audience;
  `);
}
