/** The audit trail: its entries, and how far a worker has followed the inbox. */
import type { Knex } from 'knex';
import { rolesOf } from './roles.ts';

const SEES_ALL = ['worker', 'verifier', 'relay'] as const;

export async function up(knex: Knex): Promise<void> {
  const roles = rolesOf(knex);
  await knex.raw(`
    create table audit_entries (
      id uuid primary key,
      -- An institution, or the installation.
      owner uuid not null,
      event_sequence integer not null,
      type text not null,
      user_id text collate "C" not null,
      role text not null,
      action text not null,
      outcome text not null,
      code text,
      command_id uuid,
      subject text,
      count integer not null,
      happened_at timestamptz(3) not null,
      recorded_at timestamptz(3) not null,
      constraint ck_audit_type check (type in ('access_grant', 'access_deny', 'policy_change', 'admin_action', 'mfa_event'))
    );
    create index audit_entries_listed on audit_entries (recorded_at, id);
    create index audit_entries_of_owner on audit_entries (owner, recorded_at, id);
    create index audit_entries_of_type on audit_entries (owner, type, recorded_at, id);
    create index audit_entries_of_types on audit_entries (type, recorded_at, id);
    create index audit_entries_of_user on audit_entries (user_id, recorded_at, id);
    create trigger audit_entries_are_immutable before update or delete on audit_entries
      for each row execute function refuse_change();
    create trigger audit_entries_stay before truncate on audit_entries
      for each statement execute function refuse_change();
    alter table audit_entries enable always trigger audit_entries_are_immutable;
    alter table audit_entries enable always trigger audit_entries_stay;

    create table audit_mark (
      one boolean primary key default true check (one),
      position bigint not null,
      -- Commands below it that had no outcome yet.
      waiting bigint[] not null default '{}',
      looked_at timestamptz(3) not null default clock_timestamp()
    ) with (fillfactor = 20);
    -- What was sent before there was a trail is not on it.
    insert into audit_mark (position) values (coalesce(pg_sequence_last_value('commands_position_seq'), 0));
    analyze audit_mark;

    grant select on audit_mark to ${roles.worker};
    grant update on audit_mark to ${roles.worker};
    grant select on audit_entries to ${roles.api}, ${roles.relay}, ${roles.worker}, ${roles.verifier};
    grant insert on audit_entries to ${roles.worker};
    alter table audit_entries enable row level security, force row level security;
    ${SEES_ALL.map((role) => `create policy ${role}_all on audit_entries to ${roles[role]} using (true) with check (true);`).join('\n')}
    create policy api_in_scope on audit_entries for select to ${roles.api} using (is_of_institution(owner));
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop table audit_mark;
    drop table audit_entries;
  `);
}
