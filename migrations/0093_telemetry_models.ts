/**
 * What is reckoned from telemetry: a model of each person, and the risk of each login session that sent something. Like
 * telemetry itself it stands outside the chain and every backup.
 */
import type { Knex } from 'knex';
import { rolesOf } from './roles.ts';

const TABLES = ['telemetry_models', 'telemetry_risks'];

export async function up(knex: Knex): Promise<void> {
  const { api, door, worker } = rolesOf(knex);
  await knex.raw(`
    -- When an admin asked for it, and when it was last looked at whether there is enough to train a model on.
    alter table telemetry_consents add column train_asked_at timestamptz(3), add column looked_at timestamptz(3);
    create index telemetry_consents_to_train on telemetry_consents (looked_at nulls first, institution_id, user_id) where given;
    create index telemetry_consents_asked on telemetry_consents (train_asked_at)
      where given and train_asked_at is not null and (looked_at is null or looked_at < train_asked_at);
    grant select (train_asked_at), update (train_asked_at) on telemetry_consents to ${door};

    create table telemetry_models (
      id uuid primary key,
      institution_id uuid not null,
      user_id uuid not null,
      is_active boolean not null default true,
      -- When what it was made of began to be read.
      trained_at timestamptz(3) not null,
      sessions integer not null,
      baseline json not null
    );
    create unique index uq_telemetry_model_active on telemetry_models (institution_id, user_id) where is_active;
    create index telemetry_models_of_person on telemetry_models (institution_id, user_id);
    create index telemetry_models_retired on telemetry_models (trained_at) where not is_active;

    create table telemetry_risks (
      login_id uuid not null,
      institution_id uuid not null,
      user_id uuid not null,
      assessed_at timestamptz(3) not null,
      -- When the latest batch came that it was made of.
      last_at timestamptz(3) not null,
      risk json not null,
      primary key (login_id, institution_id, user_id)
    );
    create index telemetry_risks_of_person on telemetry_risks (institution_id, user_id);
    create index telemetry_risks_by_age on telemetry_risks (assessed_at);

    grant select, insert, update, delete on telemetry_models, telemetry_risks to ${worker};
    grant select on telemetry_risks to ${api};
    ${TABLES.map(
      (table) => `
    alter table ${table} enable row level security, force row level security;
    create policy worker_all on ${table} to ${worker} using (true) with check (true);`,
    ).join('')}
    create policy api_in_scope on telemetry_risks for select to ${api} using (is_of_institution(institution_id)
      and (user_id::text = current_setting('plearoll.user_id', true)
        or current_setting('plearoll.role', true) in ('admin', 'super_admin')));
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop table ${TABLES.join(', ')};
    drop index telemetry_consents_to_train, telemetry_consents_asked;
    alter table telemetry_consents drop column train_asked_at, drop column looked_at;
  `);
}
