/** What admins set for their institution: a row of each that set anything, read by everybody of it. */
import type { Knex } from 'knex';
import { rolesOf } from './roles.ts';

const SEES_ALL = ['worker', 'verifier', 'relay'] as const;

export async function up(knex: Knex): Promise<void> {
  const roles = rolesOf(knex);
  await knex.raw(`
    create table institution_settings (
      id uuid primary key,
      time_zone varchar(64) not null,
      telemetry boolean not null,
      policies boolean not null,
      auto_terminate boolean not null,
      guard_tells boolean not null,
      gallery_names boolean not null,
      changed_at timestamptz(3) not null
    );

    create function is_of_institution(institution uuid) returns boolean
    language sql stable parallel safe as $$
      select current_setting('plearoll.role', true) = 'super_admin'
        or institution = nullif(current_setting('plearoll.institution_id', true), '')::uuid
    $$;

    grant select on institution_settings to ${roles.api}, ${roles.relay}, ${roles.worker}, ${roles.verifier};
    grant insert, update on institution_settings to ${roles.worker};
    alter table institution_settings enable row level security, force row level security;
    ${SEES_ALL.map((role) => `create policy ${role}_all on institution_settings to ${roles[role]} using (true) with check (true);`).join('\n')}
    create policy api_in_scope on institution_settings for select to ${roles.api} using (is_of_institution(id));
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop table institution_settings;
    drop function is_of_institution;
  `);
}
