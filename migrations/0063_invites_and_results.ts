/**
 * Invitations of the people of a site, by links that are good once, of which a hash alone is kept; and results on their way
 * back to a site. Neither is record: what an admin asked for, and what came of it, is.
 */
import type { Knex } from 'knex';
import { rolesOf } from './roles.ts';

const OF_ADMINS = `is_of_institution(institution_id) and current_setting('plearoll.role', true) in ('admin', 'super_admin')`;

export async function up(knex: Knex): Promise<void> {
  const { api, door, worker } = rolesOf(knex);
  await knex.raw(`
    -- One for each person: a newer one takes its place.
    create table feed_invites (
      feed_id uuid not null,
      provider_id text collate "C" not null,
      -- Of the command that invited.
      id uuid not null,
      institution_id uuid not null,
      user_id uuid not null,
      role text not null,
      name text,
      invited_at timestamptz(3) not null,
      expires_at timestamptz(3) not null,
      -- SHA-256 in lower hex, of what the link ends with.
      secret_hash text not null,
      used_at timestamptz(3),
      primary key (feed_id, provider_id),
      constraint uq_feed_invite_id unique (id),
      constraint uq_feed_invite_secret unique (secret_hash),
      constraint ck_feed_invite_role check (role in ('participant', 'judge')),
      constraint ck_feed_invite_bounded check (length(provider_id) <= 200 and length(name) <= 400 and length(secret_hash) = 64)
    );
    create index feed_invites_by_end on feed_invites (expires_at);
    grant select, update (used_at) on feed_invites to ${door};
    grant select, insert, update, delete on feed_invites to ${worker};
    alter table feed_invites enable row level security, force row level security;
    create policy door_all on feed_invites to ${door} using (true) with check (true);
    -- A link is good for as long as its person is nobody else.
    grant select (feed_id, provider_id, is_linked) on feed_people to ${door};
    create policy door_all on feed_people for select to ${door} using (true);
    create policy worker_all on feed_invites to ${worker} using (true) with check (true);

    create table match_results (
      -- Of the command that handed it in.
      id uuid primary key,
      match_id uuid not null,
      institution_id uuid not null,
      feed_id uuid not null,
      provider_id text collate "C" not null,
      round integer not null,
      hash text not null,
      confirm boolean not null,
      -- Null once it is over.
      sheets json,
      -- The ballots that were there before it was sent; null before it is about to be sent.
      before json,
      state text not null,
      ballot_id text,
      why text,
      handed_at timestamptz(3) not null,
      settled_at timestamptz(3),
      -- When the record was told what came of it.
      noted_at timestamptz(3),
      due_at timestamptz(3) not null,
      attempts smallint not null,
      run uuid,
      constraint ck_match_result_state check (state in ('waiting', 'posting', 'posted', 'failed')),
      constraint ck_match_result_posted check ((state = 'posted') = (ballot_id is not null)),
      constraint ck_match_result_failed check ((state = 'failed') = (why is not null)),
      constraint ck_match_result_settled check ((state in ('posted', 'failed')) = (settled_at is not null)),
      constraint ck_match_result_noted check (noted_at is null or settled_at is not null),
      constraint ck_match_result_before check (state <> 'posting' or before is not null)
    );
    create index match_results_due on match_results (due_at) where noted_at is null;
    create index match_results_of_match on match_results (match_id, handed_at, id);
    create index match_results_by_age on match_results (noted_at) where noted_at is not null;
    grant select on match_results to ${api};
    grant select, insert, update, delete on match_results to ${worker};
    alter table match_results enable row level security, force row level security;
    create policy worker_all on match_results to ${worker} using (true) with check (true);
    create policy api_in_scope on match_results for select to ${api} using (${OF_ADMINS});
  `);
}

export async function down(knex: Knex): Promise<void> {
  const { door } = rolesOf(knex);
  await knex.raw(`
    drop policy door_all on feed_people;
    revoke select (feed_id, provider_id, is_linked) on feed_people from ${door};
    drop table match_results, feed_invites;
  `);
}
