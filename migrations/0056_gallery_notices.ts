/**
 * What an institution has set for its galleries, and what the guard did about their reader: asked by readers who see neither
 * its settings nor its bans. Both functions look with the eyes of the relay, and tell no more than their answer.
 */
import type { Knex } from 'knex';
import { rolesOf } from './roles.ts';

export async function up(knex: Knex): Promise<void> {
  const { api, relay } = rolesOf(knex);
  await knex.raw(`
    -- The numbers of the events that tell of the ban, in its stream; null once they are erased.
    alter table guard_bans add column events integer[];
    create index guard_bans_of_value on guard_bans (value) where lifted_at is null;
    create index guard_bans_to_erase on guard_bans (least(lifted_at, until), id) where events is not null;

    -- Does the institution of the session show the names of signed-in authors? It does where nothing was set.
    create function shows_names(session uuid) returns boolean
    language plpgsql stable parallel safe security definer set search_path = pg_catalog, pg_temp as $$
    begin
      return coalesce((
        select i.gallery_names from public.courtroom_sessions s join public.institution_settings i on i.id = s.institution_id
        where s.id = session), true);
    end $$;

    -- The open ban of the reader whom the transaction declares, in the institution of the session or everywhere, where the
    -- institution tells of bans; of several that which lasts longest.
    create function own_ban(session uuid) returns table (ban_id uuid, rule text, reason text, until timestamptz)
    language plpgsql stable parallel safe security definer set search_path = pg_catalog, pg_temp as $$
    begin
      return query
        select b.id, b.rule, b.reason, b.until
        from public.courtroom_sessions s
        join public.guard_bans b on b.value = nullif(current_setting('plearoll.user_id', true), '')
          and b.subject = 'key' and b.owner in (s.institution_id, (select n.id from public.installation n))
        where s.id = session and b.lifted_at is null and (b.until is null or b.until > clock_timestamp())
          and coalesce((select i.guard_tells from public.institution_settings i where i.id = s.institution_id), true)
        order by b.until desc nulls first, b.id limit 1;
    end $$;

    grant create on schema public to ${relay};
    alter function shows_names owner to ${relay};
    alter function own_ban owner to ${relay};
    revoke create on schema public from ${relay};
    revoke execute on function shows_names, own_ban from public;
    grant execute on function shows_names, own_ban to ${api};
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop function own_ban;
    drop function shows_names;
    drop index guard_bans_to_erase, guard_bans_of_value;
    alter table guard_bans drop column events;
  `);
}
