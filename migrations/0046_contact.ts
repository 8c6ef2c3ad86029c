/**
 * Contact cards. What a card says stands in a table of its own, which the relay and the verifier may not read, which no
 * backup holds, and which the API reads for nobody but a person to whom the record says that the card was revealed within
 * the hour.
 */
import type { Knex } from 'knex';
import { rolesOf } from './roles.ts';

export async function up(knex: Knex): Promise<void> {
  const { api, door, relay, verifier, worker } = rolesOf(knex);
  await knex.raw(`
    create table contact_cards (
      -- Of the person.
      id uuid primary key,
      -- Of the row of details that is current.
      details_id uuid not null,
      -- Whose admins may have it revealed; null for a super_admin's.
      institution_id uuid,
      visible_to text not null,
      -- Empty where the card was emptied.
      fields text not null,
      commitment text not null,
      updated_at timestamptz(3) not null
    );
    grant select on contact_cards to ${relay}, ${verifier};
    grant select, insert, update on contact_cards to ${worker};
    grant select (id, institution_id, visible_to, fields) on contact_cards to ${door};
    alter table contact_cards enable row level security, force row level security;
    ${Object.entries({ door, relay, worker, verifier })
      .map(([name, role]) => `create policy ${name}_all on contact_cards to ${role} using (true) with check (true);`)
      .join('\n')}

    -- A row for each card that was written; the current one is that which the card names.
    create table contact_details (
      id uuid primary key,
      user_id uuid not null,
      name text,
      email text,
      phone text,
      salt bytea not null,
      put_at timestamptz(3) not null default clock_timestamp(),
      constraint ck_contact_details_bounded
        check (length(name) <= 400 and length(email) <= 254 and length(phone) <= 40 and length(salt) = 32)
    );
    create index contact_details_by_user on contact_details (user_id);
    create index contact_details_by_age on contact_details (put_at);
    grant insert (id, user_id, name, email, phone, salt) on contact_details to ${door};
    grant select, delete on contact_details to ${worker};
    grant select (id, user_id, name, email, phone) on contact_details to ${api};
    alter table contact_details enable row level security, force row level security;
    create policy door_all on contact_details to ${door} using (true) with check (true);
    create policy worker_all on contact_details to ${worker} using (true) with check (true);

    -- With the card that takes its place a card is gone: in the transaction that records it.
    create function remove_replaced_details() returns trigger language plpgsql as $$
    begin
      delete from public.contact_details where id = old.details_id;
      return null;
    end $$;
    create trigger contact_cards_replace_details after update on contact_cards
      for each row when (new.details_id <> old.details_id) execute function remove_replaced_details();
    alter table contact_cards enable always trigger contact_cards_replace_details;

    -- May the reader whom the transaction declares have it revealed? Looks with the eyes of the door, as has_seat does.
    create function may_reveal(owner_id uuid) returns boolean
    language plpgsql stable parallel safe security definer set search_path = pg_catalog, pg_temp as $$
    begin
      return exists (
        select from public.contact_cards c where c.id = owner_id and c.fields <> '' and (
          current_setting('plearoll.role', true) = 'super_admin'
          or (current_setting('plearoll.role', true) = 'admin'
            and c.institution_id = nullif(current_setting('plearoll.institution_id', true), '')::uuid)
          or exists (
            select from public.rosters mine join public.rosters theirs using (assignment_id)
            where mine.user_id = nullif(current_setting('plearoll.user_id', true), '')::uuid
              and theirs.user_id = owner_id and mine.replaced_at is null and theirs.replaced_at is null
              and mine.role in ('judge', 'moderator') and theirs.role in ('judge', 'moderator')
              and mine.role = any(string_to_array(c.visible_to, ' ')))));
    end $$;

    -- Is it the current one, and was that revealed within the hour to the reader whom the transaction declares? Looks with the eyes of the verifier.
    create function was_revealed(owner_id uuid, card uuid) returns boolean
    language plpgsql stable parallel safe security definer set search_path = pg_catalog, pg_temp as $$
    begin
      return exists (
        select from public.events where stream = 'contact:' || owner_id and event_type = 'PROCEDURAL_CARD_REVEALED'
          and actor_id = nullif(current_setting('plearoll.user_id', true), '')
          and occurred_at > clock_timestamp() - interval '1 hour')
        and exists (select from public.contact_cards c where c.id = owner_id and c.details_id = card);
    end $$;

    grant create on schema public to ${door}, ${verifier};
    alter function may_reveal owner to ${door};
    alter function was_revealed owner to ${verifier};
    revoke create on schema public from ${door}, ${verifier};
    revoke execute on function may_reveal, was_revealed from public;
    grant execute on function may_reveal, was_revealed to ${api};
    create policy api_revealed on contact_details for select to ${api} using (was_revealed(user_id, id));
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop table contact_details;
    drop table contact_cards;
    drop function remove_replaced_details;
    drop function may_reveal;
    drop function was_revealed;
  `);
}
