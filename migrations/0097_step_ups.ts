/**
 * Step-ups: of which login sessions people were asked to sign in once more, and in which they did. The last one of each login
 * session, for a day. Like login sessions they are on no record and in no backup.
 */
import type { Knex } from 'knex';
import { rolesOf } from './roles.ts';

export async function up(knex: Knex): Promise<void> {
  const { api, door, worker } = rolesOf(knex);
  await knex.raw(`
    create table step_ups (
      login_id uuid not null,
      user_id uuid not null,
      -- Null of a super_admin's.
      institution_id uuid,
      asked_at timestamptz(3) not null,
      -- A command, or a word of ours.
      asked_for text not null,
      asked_by text not null,
      -- A hash of the jti of the token that it was asked of, where that is known.
      asked_jti text,
      confirmed_at timestamptz(3),
      -- The login session whose token confirmed it.
      confirmed_in uuid,
      primary key (login_id, user_id),
      constraint ck_step_up_confirmed check ((confirmed_at is null) = (confirmed_in is null))
    );
    create index step_ups_confirmed_in on step_ups (confirmed_in) where confirmed_in is not null;
    create index step_ups_by_time on step_ups (asked_at);
    grant select on step_ups to ${api};
    grant select, insert, update on step_ups to ${door};
    grant select, insert, update, delete on step_ups to ${worker};
    alter table step_ups enable row level security, force row level security;
    create policy door_all on step_ups to ${door} using (true) with check (true);
    create policy worker_all on step_ups to ${worker} using (true) with check (true);
    create policy api_in_scope on step_ups for select to ${api} using (
      user_id::text = current_setting('plearoll.user_id', true)
      or (current_setting('plearoll.role', true) in ('admin', 'super_admin') and is_of_institution(institution_id)));
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop table step_ups');
}
