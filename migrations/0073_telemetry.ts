/**
 * Telemetry: who agreed to it, and what was sent. It stands outside the chain, the inbox and every backup: what somebody
 * refuses can be taken out whole. The relay and the verifier may read none of it.
 */
import type { Knex } from 'knex';
import { rolesOf } from './roles.ts';

export const TELEMETRY = ['telemetry_consents', 'telemetry_batches'];

export async function up(knex: Knex): Promise<void> {
  const { api, door, worker } = rolesOf(knex);
  await knex.raw(`
    create table telemetry_consents (
      institution_id uuid not null,
      user_id uuid not null,
      -- Null where nobody decided.
      own boolean,
      guardian boolean,
      guardian_name text,
      given boolean not null generated always as (coalesce(own, true) and coalesce(guardian, true)) stored,
      decided_by text not null,
      decided_at timestamptz(3) not null,
      -- When it was last refused: what was taken before is erased.
      withdrawn_at timestamptz(3),
      erased_at timestamptz(3),
      primary key (institution_id, user_id),
      constraint ck_telemetry_consent_decided check (own is not null or guardian is not null),
      constraint ck_telemetry_consent_guardian check ((guardian is null) = (guardian_name is null)),
      constraint ck_telemetry_consent_bounded check (length(guardian_name) <= 400)
    );
    create index telemetry_consents_to_erase on telemetry_consents (withdrawn_at)
      where withdrawn_at is not null and (erased_at is null or erased_at < withdrawn_at);

    create table telemetry_batches (
      id uuid primary key,
      institution_id uuid not null,
      user_id uuid not null,
      login_id uuid not null,
      -- By the clock of the browser.
      started_at timestamptz(3) not null,
      received_at timestamptz(3) not null,
      content_hash bytea not null,
      points integer not null,
      behaviour json not null,
      constraint uq_telemetry_batch unique (institution_id, user_id, started_at, content_hash),
      constraint ck_telemetry_batch_bounded check (points between 0 and 2000 and length(content_hash) = 32)
    );
    create index telemetry_batches_of_person on telemetry_batches (institution_id, user_id, received_at);
    create index telemetry_batches_of_login on telemetry_batches (login_id, received_at);
    create index telemetry_batches_by_age on telemetry_batches (received_at);

    grant select (institution_id, user_id, own, guardian, guardian_name, given, decided_by, decided_at, withdrawn_at),
      insert (institution_id, user_id, own, guardian, guardian_name, decided_by, decided_at, withdrawn_at),
      update (own, guardian, guardian_name, decided_by, decided_at, withdrawn_at) on telemetry_consents to ${door};
    grant select on telemetry_consents to ${api};
    grant select, update on telemetry_consents to ${worker};
    grant insert (id, institution_id, user_id, login_id, started_at, received_at, content_hash, points, behaviour), select (id)
      on telemetry_batches to ${door};
    grant select, delete on telemetry_batches to ${worker};
    ${TELEMETRY.map(
      (table) => `
    alter table ${table} enable row level security, force row level security;
    create policy door_all on ${table} to ${door} using (true) with check (true);
    create policy worker_all on ${table} to ${worker} using (true) with check (true);`,
    ).join('')}
    create policy api_in_scope on telemetry_consents for select to ${api} using (
      user_id::text = current_setting('plearoll.user_id', true)
      and institution_id = nullif(current_setting('plearoll.institution_id', true), '')::uuid);
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`drop table ${TELEMETRY.join(', ')}`);
}
