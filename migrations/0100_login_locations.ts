/**
 * In which neighbourhood a login session was seen, where an operator has a file that tells it of addresses; to ten
 * kilometres, and no address. The door, which judges how well a login session fits its person, sees which were ended.
 */
import type { Knex } from 'knex';
import { rolesOf } from './roles.ts';

export async function up(knex: Knex): Promise<void> {
  const { api, door, worker } = rolesOf(knex);
  await knex.raw(`
    create table login_locations (
      login_id uuid not null,
      latitude_tenths smallint not null,
      longitude_tenths smallint not null,
      first_seen timestamptz(3) not null,
      last_seen timestamptz(3) not null,
      primary key (login_id, latitude_tenths, longitude_tenths),
      constraint ck_login_location_latitude check (latitude_tenths between -900 and 900),
      constraint ck_login_location_longitude check (longitude_tenths between -1800 and 1800)
    );
    grant select, insert, update on login_locations to ${door};
    grant select, delete on login_locations to ${worker};
    grant select on login_locations to ${api};
    alter table login_locations enable row level security, force row level security;
    create policy door_all on login_locations to ${door} using (true) with check (true);
    create policy worker_all on login_locations to ${worker} using (true) with check (true);
    create policy api_in_scope on login_locations for select to ${api}
      using ((select true from logins l where l.id = login_id));

    grant select on login_ends to ${door};
    create policy door_reads on login_ends for select to ${door} using (true);
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop policy door_reads on login_ends;
    revoke select on login_ends from ${rolesOf(knex).door};
    drop table login_locations;
  `);
}
