/** Bans of the guard. Processes of the API read those that are open when they start, and afterwards what has changed. */
import type { Knex } from 'knex';
import { rolesOf } from './roles.ts';

const SEES_ALL = ['door', 'relay', 'worker', 'verifier'] as const;

export async function up(knex: Knex): Promise<void> {
  const roles = rolesOf(knex);
  await knex.raw(`
    create table guard_bans (
      id uuid primary key,
      -- An institution, or the installation.
      owner uuid not null,
      subject text not null,
      -- Null once it is erased, like the reason.
      value text collate "C",
      rule text not null,
      reason text,
      until timestamptz(3),
      review boolean not null,
      banned_at timestamptz(3) not null,
      banned_by text not null,
      changed_at timestamptz(3) not null,
      lifted_at timestamptz(3),
      constraint ck_guard_ban_subject check (subject in ('key', 'address')),
      constraint ck_guard_ban_value check (length(value) between 1 and 64)
    );
    create index guard_bans_of_owner on guard_bans (owner, review, banned_at, id);
    create index guard_bans_listed on guard_bans (review, banned_at, id);
    create index guard_bans_changed on guard_bans (changed_at);
    create index guard_bans_open on guard_bans (until) where lifted_at is null;

    grant select (id, owner, subject, value, rule, until, lifted_at, changed_at) on guard_bans to ${roles.door};
    grant select on guard_bans to ${roles.api}, ${roles.relay}, ${roles.worker}, ${roles.verifier};
    grant insert, update on guard_bans to ${roles.worker};
    alter table guard_bans enable row level security, force row level security;
    ${SEES_ALL.map((role) => `create policy ${role}_all on guard_bans to ${roles[role]} using (true) with check (true);`).join('\n')}
    create policy api_in_scope on guard_bans for select to ${roles.api} using (is_of_institution(owner));
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop table guard_bans');
}
