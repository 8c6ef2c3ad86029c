/**
 * Matches, as boards follow them: those of feeds and our own rooms. They are no part of the record, stand outside every
 * chain, and are written by a role of their own, which can write nothing else. No backup holds them: feeds and rooms are read again.
 */
import type { Knex } from 'knex';
import { type RoleNames, rolesOf } from './roles.ts';

const TABLES = ['matches', 'match_state', 'match_events', 'match_disputes'] as const;

export async function up(knex: Knex): Promise<void> {
  const roles = rolesOf(knex);
  await knex.raw(`
    create table matches (
      -- Of one of our own rooms the assignment's.
      id uuid primary key,
      institution_id uuid not null,
      visibility text not null,
      provider text not null,
      feed_id uuid,
      provider_id text collate "C",
      round integer,
      -- The teams of it, in any order, as a hash: by it matches of other feeds are found that are this one.
      pair text collate "C",
      assignment_id uuid,
      session_id uuid,
      title text not null,
      courtroom text,
      scheduled_at timestamptz(3),
      -- Its place in lists: when it is scheduled, or else when it was first seen.
      listed_at timestamptz(3) not null,
      phase text not null,
      -- False where its draw is not released, or was taken back.
      published boolean not null,
      constraint ck_match_visibility_valid check (visibility in ('private', 'institution', 'public')),
      constraint ck_match_phase_valid check (phase in
        ('scheduled', 'pre_match', 'live', 'break', 'suspended', 'scoring', 'finished', 'postponed', 'cancelled')),
      constraint ck_match_source check ((provider = 'internal') = (feed_id is null)
        and (feed_id is null) = (provider_id is null)),
      constraint ck_match_internal check (provider <> 'internal' or (assignment_id is not null and assignment_id = id)),
      constraint ck_match_bounded check (length(title) <= 400 and length(courtroom) <= 400 and length(provider_id) <= 200),
      constraint uq_match_of_feed unique (feed_id, provider_id)
    );
    create index matches_by_time on matches (listed_at, id) where published;
    create index matches_of_institution on matches (institution_id, listed_at, id) where published;
    create index matches_public on matches (listed_at, id) where published and visibility = 'public';
    create index matches_in_phase on matches (phase, listed_at, id) where published;
    create index matches_of_institution_in_phase on matches (institution_id, phase, listed_at, id) where published;
    create index matches_public_in_phase on matches (phase, listed_at, id) where published and visibility = 'public';
    create index matches_of_assignment on matches (assignment_id) where assignment_id is not null;
    create index matches_of_round on matches (feed_id, round) where feed_id is not null;
    create index matches_of_pair on matches (institution_id, pair, listed_at) where pair is not null;

    create table match_state (
      match_id uuid primary key references matches (id) on delete restrict,
      -- One more with each change that is published.
      version bigint not null,
      -- Of the last event.
      seq bigint not null,
      -- Tiers 0 and 2.
      state json not null,
      stats json,
      -- The score as its own source has it, where sources that agree have corrected what is shown.
      claim json,
      -- What it was made of: the tick of a poll, or how many events of the room. What is older changes nothing.
      source bigint not null,
      updated_at timestamptz(3) not null
    );
    create index match_state_by_update on match_state (updated_at, match_id);

    create table match_events (
      match_id uuid not null references matches (id) on delete restrict,
      seq bigint not null,
      provider text not null,
      provider_event_id text collate "C" not null,
      kind text not null,
      at timestamptz(3) not null,
      details json not null,
      -- In per cent; below 100 where it was derived from two states, and no provider said so.
      confidence smallint not null,
      superseded boolean not null,
      primary key (match_id, seq),
      constraint uq_match_event unique (match_id, provider, provider_event_id),
      constraint ck_match_event_confidence check (confidence between 30 and 100),
      constraint ck_match_event_bounded check (length(provider_event_id) <= 200)
    );

    create table match_disputes (
      match_id uuid not null references matches (id) on delete restrict,
      other_id uuid not null references matches (id) on delete restrict,
      institution_id uuid not null,
      -- What each says, in the order of the ids.
      scores json not null,
      found_at timestamptz(3) not null,
      kept_until timestamptz(3) not null,
      primary key (match_id, other_id),
      constraint ck_match_dispute_order check (match_id < other_id)
    );
    create index match_disputes_of_other on match_disputes (other_id);
    create index match_disputes_by_age on match_disputes (kept_until);
    create index match_disputes_of_institution on match_disputes (institution_id, found_at);

    ${TABLES.map((table) => opened(table, roles)).join('\n')}
    create policy api_in_scope on matches for select to ${roles.api} using (published and case provider
      when 'internal' then (select true from assignments a where a.id = assignment_id)
      else is_open(institution_id, visibility) end);
    create policy api_in_scope on match_state for select to ${roles.api}
      using ((select true from matches m where m.id = match_id));
    create policy api_in_scope on match_events for select to ${roles.api}
      using ((select true from matches m where m.id = match_id));
    create policy api_in_scope on match_disputes for select to ${roles.api}
      using (is_of_institution(institution_id) and current_setting('plearoll.role', true) in ('admin', 'super_admin'));
  `);
}

function opened(table: string, { api, feeds, relay, worker }: RoleNames): string {
  return `
    grant select on ${table} to ${api}, ${relay}, ${worker};
    grant select, insert, update, delete on ${table} to ${feeds};
    alter table ${table} enable row level security, force row level security;
    create policy feeds_all on ${table} to ${feeds} using (true) with check (true);
    create policy relay_all on ${table} for select to ${relay} using (true);
    create policy worker_all on ${table} for select to ${worker} using (true);`;
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`drop table ${TABLES.toReversed().join(', ')}`);
}
