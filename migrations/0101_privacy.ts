/** What people asked to be forgotten, and that they may read what is known of themselves beside the record. */
import type { Knex } from 'knex';
import { rolesOf } from './roles.ts';

/** Read by their own person, in the institution where they stand with one. */
const OWN = ['follows', 'privacy_erasures'];
const OWN_IN_INSTITUTION = ['telemetry_batches', 'telemetry_models'];

const IS_OWN = `user_id = nullif(current_setting('plearoll.user_id', true), '')::uuid`;
const IS_HERE = `institution_id = nullif(current_setting('plearoll.institution_id', true), '')::uuid`;

export async function up(knex: Knex): Promise<void> {
  const { api, verifier, worker } = rolesOf(knex);
  const shown = (table: string, using: string) => `
    grant select on ${table} to ${api};
    create policy api_own on ${table} for select to ${api} using (${using});`;
  await knex.raw(`
    create table privacy_erasures (
      -- The command's.
      id uuid primary key,
      user_id uuid not null,
      -- Null of a super_admin's.
      institution_id uuid,
      asked_at timestamptz(3) not null,
      done_at timestamptz(3)
    );
    create index privacy_erasures_awaited on privacy_erasures (asked_at, id) where done_at is null;
    create index privacy_erasures_of_person on privacy_erasures (user_id, asked_at);
    create index privacy_erasures_done on privacy_erasures (done_at);
    grant select, insert, update, delete on privacy_erasures to ${worker};
    alter table privacy_erasures enable row level security, force row level security;
    create policy worker_all on privacy_erasures to ${worker} using (true) with check (true);

    ${OWN.map((table) => shown(table, IS_OWN)).join('')}
    ${OWN_IN_INSTITUTION.map((table) => shown(table, `${IS_OWN} and ${IS_HERE}`)).join('')}

    -- Is it the current one, of the reader whom the transaction declares? Looks with the eyes of the verifier.
    create function is_own_card(owner_id uuid, card uuid) returns boolean
    language plpgsql stable parallel safe security definer set search_path = pg_catalog, pg_temp as $$
    begin
      return owner_id = nullif(current_setting('plearoll.user_id', true), '')::uuid
        and exists (select from public.contact_cards c where c.id = owner_id and c.details_id = card);
    end $$;
    grant create on schema public to ${verifier};
    alter function is_own_card owner to ${verifier};
    revoke create on schema public from ${verifier};
    revoke execute on function is_own_card from public;
    grant execute on function is_own_card to ${api};
    grant select (put_at) on contact_details to ${api};
    create policy api_own on contact_details for select to ${api} using (is_own_card(user_id, id));
  `);
}

export async function down(knex: Knex): Promise<void> {
  const { api } = rolesOf(knex);
  await knex.raw(`
    drop policy api_own on contact_details;
    revoke select (put_at) on contact_details from ${api};
    drop function is_own_card;
    drop index if exists follows_of_person, notice_reads_of_person, step_ups_of_person, policy_decisions_of_person, policy_outcomes_of_person;
    ${['follows', ...OWN_IN_INSTITUTION].map((table) => `drop policy api_own on ${table}; revoke select on ${table} from ${api};`).join('\n')}
    drop table privacy_erasures;
  `);
}
