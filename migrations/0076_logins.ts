/**
 * Login sessions as tokens showed them: when, on which devices and in which networks, by keyed hashes. No event says so, no
 * backup holds them, and a day after their end they are gone. The relay, which writes nothing, notes them by a function.
 */
import type { Knex } from 'knex';
import { rolesOf } from './roles.ts';

const SEES_ALL = ['door', 'worker'] as const;

export async function up(knex: Knex): Promise<void> {
  const roles = rolesOf(knex);
  const opened = (table: string) => `
    grant select, insert, update on ${table} to ${roles.door};
    grant select, delete on ${table} to ${roles.worker};
    grant select on ${table} to ${roles.api};
    alter table ${table} enable row level security, force row level security;
    ${SEES_ALL.map((role) => `create policy ${role}_all on ${table} to ${roles[role]} using (true) with check (true);`).join('\n')}`;
  await knex.raw(`
    create table logins (
      -- Of issuer and sign-in.
      id uuid primary key,
      user_id uuid not null,
      -- Null of a super_admin's.
      institution_id uuid,
      first_seen timestamptz(3) not null,
      last_seen timestamptz(3) not null,
      -- With the last of its tokens that was seen.
      expires_at timestamptz(3) not null
    );
    create index logins_of_person on logins (user_id, first_seen, id);
    create index logins_of_institution on logins (institution_id, first_seen, id);
    create index logins_in_order on logins (first_seen, id);
    create index logins_by_end on logins (expires_at);
    ${opened('logins')}
    create policy api_in_scope on logins for select to ${roles.api} using (
      user_id::text = current_setting('plearoll.user_id', true)
      or (current_setting('plearoll.role', true) in ('admin', 'super_admin') and is_of_institution(institution_id)));

    create table login_places (
      login_id uuid not null,
      kind text not null,
      -- A keyed hash: of user agent and fingerprint, or of the network.
      mark text collate "C" not null,
      first_seen timestamptz(3) not null,
      last_seen timestamptz(3) not null,
      primary key (login_id, kind, mark),
      constraint ck_login_place_kind check (kind in ('device', 'network')),
      constraint ck_login_place_mark check (length(mark) = 32)
    );
    ${opened('login_places')}
    create policy api_in_scope on login_places for select to ${roles.api}
      using ((select true from logins l where l.id = login_id));

    -- In the order of keys, so that no two processes wait for each other.
    create function note_logins(seen jsonb) returns void
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
    declare
      now_is timestamptz := clock_timestamp();
    begin
      insert into public.logins as l (id, user_id, institution_id, first_seen, last_seen, expires_at)
      select distinct on (s.id) s.id, s.user_id, s.institution_id, now_is - s.age_ms * interval '1 millisecond',
        now_is - s.age_ms * interval '1 millisecond', s.expires_at
      from jsonb_to_recordset(seen) as s (id uuid, user_id uuid, institution_id uuid, age_ms float8, expires_at timestamptz)
      where exists (select from public.logins k where k.id = s.id)
        or (select count(*) from (select from public.logins k where k.user_id = s.user_id limit 500) k) < 500
      order by s.id, s.age_ms
      on conflict (id) do update
      set last_seen = greatest(l.last_seen, excluded.last_seen), expires_at = greatest(l.expires_at, excluded.expires_at)
      where l.user_id = excluded.user_id;

      insert into public.login_places as p (login_id, kind, mark, first_seen, last_seen)
      select c.id, c.kind, c.mark, c.seen_at, c.seen_at
      from (
        select n.*, row_number() over (partition by n.id, n.kind order by n.mark) as place
        from (
          select distinct on (s.id, m.kind, m.mark) s.id, m.kind, m.mark, now_is - s.age_ms * interval '1 millisecond' as seen_at
          from jsonb_to_recordset(seen) as s (id uuid, user_id uuid, device text, network text, age_ms float8)
          cross join lateral (values ('device', s.device), ('network', s.network)) as m (kind, mark)
          where exists (select from public.logins l where l.id = s.id and l.user_id = s.user_id)
          order by s.id, m.kind, m.mark, s.age_ms) n) c
      where c.place <= 20
        and (exists (select from public.login_places k where k.login_id = c.id and k.kind = c.kind and k.mark = c.mark)
          or (select count(*) from public.login_places k where k.login_id = c.id and k.kind = c.kind) < 20)
      order by c.id, c.kind, c.mark
      on conflict (login_id, kind, mark) do update set last_seen = greatest(p.last_seen, excluded.last_seen);
    end $$;
    grant create on schema public to ${roles.door};
    alter function note_logins owner to ${roles.door};
    revoke create on schema public from ${roles.door};
    revoke execute on function note_logins from public;
    grant execute on function note_logins to ${roles.door}, ${roles.relay};
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop function note_logins;
    drop table login_places;
    drop table logins;
  `);
}
