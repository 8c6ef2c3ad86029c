/** Links that open without a sign-in: boards of institutions, calendars of people. Of what opens them there is a hash. */
import type { Knex } from 'knex';
import { rolesOf } from './roles.ts';

const SEES_ALL = ['door', 'worker', 'verifier', 'relay'] as const;

export async function up(knex: Knex): Promise<void> {
  const roles = rolesOf(knex);
  const opened = (table: string) => `
    grant select on ${table} to ${roles.relay}, ${roles.worker}, ${roles.verifier};
    grant insert, update on ${table} to ${roles.worker};
    alter table ${table} enable row level security, force row level security;
    ${SEES_ALL.map((role) => `create policy ${role}_all on ${table} to ${roles[role]} using (true) with check (true);`).join('\n')}`;
  await knex.raw(`
    create table boards (
      id uuid primary key,
      institution_id uuid not null,
      name text not null,
      -- SHA-256 in lower hex.
      secret_hash text not null,
      created_at timestamptz(3) not null,
      expires_at timestamptz(3) not null,
      revoked_at timestamptz(3),
      constraint ck_board_secret check (length(secret_hash) = 64)
    );
    create index boards_of_institution on boards (institution_id, created_at, id);
    create index boards_in_order on boards (created_at, id);
    ${opened('boards')}
    grant select on boards to ${roles.api};
    grant select (id, institution_id, secret_hash, expires_at, revoked_at) on boards to ${roles.door};
    create policy api_in_scope on boards for select to ${roles.api} using (is_of_institution(institution_id));

    create table calendar_links (
      user_id uuid primary key,
      -- Null of a super_admin's.
      institution_id uuid,
      secret_hash text not null,
      created_at timestamptz(3) not null,
      expires_at timestamptz(3) not null,
      constraint ck_calendar_link_secret check (length(secret_hash) = 64)
    );
    ${opened('calendar_links')}
    grant select (user_id, institution_id, secret_hash, created_at, expires_at) on calendar_links to ${roles.door};
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop table calendar_links;
    drop table boards;
  `);
}
