/** Policies, and how each came to be what it is. The door reads those that are active. */
import type { Knex } from 'knex';
import { rolesOf } from './roles.ts';

const SEES_ALL = ['relay', 'worker', 'verifier'] as const;

export async function up(knex: Knex): Promise<void> {
  const roles = rolesOf(knex);
  const opened = (table: string) => `
    grant select on ${table} to ${roles.api}, ${roles.relay}, ${roles.worker}, ${roles.verifier};
    grant insert, update on ${table} to ${roles.worker};
    alter table ${table} enable row level security, force row level security;
    ${SEES_ALL.map((role) => `create policy ${role}_all on ${table} to ${roles[role]} using (true) with check (true);`).join('\n')}
    create policy api_in_scope on ${table} for select to ${roles.api} using (is_of_institution(institution_id));`;
  const counted = (table: string) => `
    grant select, insert, update (count) on ${table} to ${roles.door};
    grant select on ${table} to ${roles.api};
    grant select, delete on ${table} to ${roles.worker};
    alter table ${table} enable row level security, force row level security;
    create policy door_all on ${table} to ${roles.door} using (true) with check (true);
    create policy worker_all on ${table} to ${roles.worker} using (true) with check (true);
    create policy api_in_scope on ${table} for select to ${roles.api} using (is_of_institution(institution_id));`;
  await knex.raw(`
    create table policies (
      id uuid primary key,
      institution_id uuid not null,
      name text not null,
      rules json not null,
      version integer not null,
      mode text not null,
      active boolean not null,
      -- Null where it does not observe.
      observed_since timestamptz(3),
      created_at timestamptz(3) not null,
      changed_at timestamptz(3) not null,
      constraint ck_policy_mode check (mode in ('observe', 'enforce'))
    );
    create index policies_of_institution on policies (institution_id, created_at, id);
    create index policies_in_order on policies (created_at, id);
    create index policies_changed on policies (changed_at);
    ${opened('policies')}
    grant select (id, institution_id, rules, version, mode, active, changed_at) on policies to ${roles.door};
    create policy door_all on policies to ${roles.door} using (true) with check (true);

    create table policy_changes (
      policy_id uuid not null,
      -- Of the event.
      n integer not null,
      institution_id uuid not null,
      change text not null,
      name text not null,
      rules json not null,
      version integer not null,
      mode text not null,
      active boolean not null,
      reason text,
      changed_by text not null,
      changed_at timestamptz(3) not null,
      primary key (policy_id, n)
    );
    ${opened('policy_changes')}

    create table policy_overrides (
      policy_id uuid not null,
      -- Of the event.
      n integer not null,
      institution_id uuid not null,
      session_id uuid not null,
      user_id uuid not null,
      reason text not null,
      overridden_by text not null,
      overridden_at timestamptz(3) not null,
      primary key (policy_id, n)
    );
    create index policy_overrides_of_institution on policy_overrides (institution_id, overridden_at);
    create index policy_overrides_changed on policy_overrides (overridden_at);
    create index policy_overrides_of_person on policy_overrides (policy_id, user_id);
    ${opened('policy_overrides')}
    grant select (policy_id, institution_id, session_id, user_id, overridden_at) on policy_overrides to ${roles.door};
    create policy door_all on policy_overrides to ${roles.door} using (true) with check (true);

    -- What was asked, by whom and how surely, within an hour: for simulations, and to know who is here.
    create table policy_decisions (
      institution_id uuid not null,
      slot timestamptz(3) not null,
      user_id uuid not null,
      command text collate "C" not null,
      role text not null,
      confidence smallint not null,
      stepped_up boolean not null,
      -- Of the institution's clock.
      hour smallint not null,
      accepted boolean not null,
      count bigint not null,
      primary key (institution_id, slot, user_id, command, role, confidence, stepped_up, hour, accepted)
    );
    create index policy_decisions_of_admins on policy_decisions (institution_id, slot) where role = 'admin';
    create index policy_decisions_by_time on policy_decisions (slot);

    -- What a policy said of it.
    create table policy_outcomes (
      policy_id uuid not null,
      version integer not null,
      slot timestamptz(3) not null,
      user_id uuid not null,
      command text collate "C" not null,
      outcome text not null,
      lacks text not null,
      institution_id uuid not null,
      count bigint not null,
      primary key (policy_id, version, slot, user_id, command, outcome, lacks)
    );
    create index policy_outcomes_by_time on policy_outcomes (slot);
    ${['policy_decisions', 'policy_outcomes'].map(counted).join('\n')}

    grant select (id, policies, time_zone, changed_at) on institution_settings to ${roles.door};
    create policy door_all on institution_settings to ${roles.door} using (true) with check (true);
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop policy door_all on institution_settings;
    revoke select (id, policies, time_zone, changed_at) on institution_settings from ${rolesOf(knex).door};
    drop table policy_outcomes;
    drop table policy_decisions;
    drop table policy_overrides;
    drop table policy_changes;
    drop table policies;
  `);
}
