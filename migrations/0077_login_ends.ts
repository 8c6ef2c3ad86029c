/** Login sessions that were ended, or are to end as soon as the court lets them go. Kept for as long as what is known of them. */
import type { Knex } from 'knex';
import { rolesOf } from './roles.ts';

export async function up(knex: Knex): Promise<void> {
  const { api, worker } = rolesOf(knex);
  await knex.raw(`
    create table login_ends (
      login_id uuid primary key,
      user_id uuid not null,
      institution_id uuid,
      asked_at timestamptz(3) not null,
      asked_by text not null,
      reason text not null,
      -- Null while a turn of its person runs.
      ended_at timestamptz(3),
      constraint ck_login_end_reason check (length(reason) <= 500)
    );
    create index login_ends_awaited on login_ends (asked_at) where ended_at is null;
    grant select on login_ends to ${api};
    grant select, insert, update, delete on login_ends to ${worker};
    alter table login_ends enable row level security, force row level security;
    create policy worker_all on login_ends to ${worker} using (true) with check (true);
    create policy api_in_scope on login_ends for select to ${api}
      using ((select true from logins l where l.id = login_id));

    -- A login session whatever its tokens are called, and one that may send nothing any more.
    alter table revocations drop constraint ck_revocation_claim, add constraint ck_revocation_claim
      check (claim in ('jti', 'sid', 'sub', 'login', 'suspended')) not valid;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    delete from revocations where claim in ('login', 'suspended');
    alter table revocations drop constraint ck_revocation_claim, add constraint ck_revocation_claim
      check (claim in ('jti', 'sid', 'sub'));
    drop table login_ends;
  `);
}
