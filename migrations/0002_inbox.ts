/** The inbox: what was accepted, in order, and what became of it. Outcomes are written once and never change. */
import type { Knex } from 'knex';
import { rolesOf } from './roles.ts';

export async function up(knex: Knex): Promise<void> {
  const roles = rolesOf(knex);
  await knex.raw(`
    create table commands (
      id uuid primary key,
      position bigint not null generated always as identity,
      name text not null,
      stream text collate "C" not null,
      streams text[] not null check (streams[1] = stream),
      input json not null,
      actor_id text not null,
      actor_role text not null,
      actor_institution_id uuid,
      institution_id uuid,
      expected_sequence integer,
      idempotency_scope text,
      idempotency_key text,
      fingerprint bytea,
      reply_to text not null,
      request_id text not null,
      redrive_of uuid references commands (id) on delete restrict,
      accepted_at timestamptz(3) not null default clock_timestamp(),
      status text not null default 'accepted',
      attempts smallint not null default 0,
      last_error text,
      finished_at timestamptz(3),
      outcome text,
      constraint ck_command_status check (status in ('accepted', 'applied', 'rejected', 'dead')),
      constraint ck_command_outcome check (
        (status = 'accepted') = (outcome is null) and (outcome is null) = (finished_at is null)),
      constraint ck_command_idempotency check ((idempotency_key is null) = (idempotency_scope is null))
    ) with (fillfactor = 85);

    create index commands_pending on commands (stream, position) where status = 'accepted';
    create index commands_dead on commands (finished_at) where status = 'dead';
    create unique index uq_command_idempotency on commands (idempotency_scope, idempotency_key)
      where idempotency_key is not null;

    create function refuse_outcome_change() returns trigger language plpgsql as $$
    begin
      raise exception 'the outcome of command % is final', old.id using errcode = 'integrity_constraint_violation';
    end $$;
    create trigger outcomes_are_final before update on commands
      for each row when (old.status <> 'accepted') execute function refuse_outcome_change();
    alter table commands enable always trigger outcomes_are_final;

    grant select (status, accepted_at) on commands to ${roles.relay}, ${roles.verifier};
    grant select, insert on commands to ${roles.api};
    grant select, insert, update, delete on commands to ${roles.worker};
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop table commands;
    drop function refuse_outcome_change;
  `);
}
