/**
 * What brings rounds in: runs that admins asked for, what of a site is what here, its people, and what both sides changed.
 * None of it is record. A run's commands are sent by the role of feeds, which the inbox takes four commands from, about
 * matches of the feed's own institution, in the name of one of its admins.
 */
import type { Knex } from 'knex';
import { rolesOf } from './roles.ts';

const TABLES = ['feed_runs', 'feed_mappings', 'feed_people', 'feed_conflicts'] as const;
const OF_ADMINS = `is_of_institution(institution_id) and current_setting('plearoll.role', true) in ('admin', 'super_admin')`;
const OF_FEED = `(select true from feeds f where f.id = feed_id) and current_setting('plearoll.role', true) in ('admin', 'super_admin')`;

export async function up(knex: Knex): Promise<void> {
  const { api, door, feeds, worker } = rolesOf(knex);
  await knex.raw(`
    create table feed_runs (
      id uuid primary key,
      feed_id uuid not null,
      institution_id uuid not null,
      kind text not null,
      -- Null once it is over.
      input json,
      actor_id text not null,
      actor_role text not null,
      actor_institution_id uuid,
      idempotency_key text,
      fingerprint bytea,
      state text not null default 'waiting',
      asked_at timestamptz(3) not null default clock_timestamp(),
      due_at timestamptz(3) not null default clock_timestamp(),
      attempts smallint not null default 0,
      run uuid,
      -- What it was about to do: done again after a worker's death, and not planned anew. Null before, and once it is over.
      orders json,
      answer json,
      problem json,
      error text,
      finished_at timestamptz(3),
      constraint ck_feed_run_kind check (kind in ('sync', 'import', 'upload')),
      constraint ck_feed_run_state check (state in ('waiting', 'running', 'done', 'refused', 'failed')),
      constraint ck_feed_run_held check ((state = 'running') = (run is not null)),
      constraint ck_feed_run_finished check ((state in ('done', 'refused', 'failed')) = (finished_at is not null)),
      constraint ck_feed_run_answer check ((state = 'done') = (answer is not null)),
      constraint ck_feed_run_problem check ((state = 'refused') = (problem is not null))
    );
    -- One after the other, so that no two make the same matches.
    create unique index uq_feed_run_under_way on feed_runs (feed_id) where state = 'running';
    create unique index uq_feed_run_idempotency on feed_runs (actor_id, idempotency_key) where idempotency_key is not null;
    create index feed_runs_due on feed_runs (due_at) where state in ('waiting', 'running');
    create index feed_runs_waiting on feed_runs (feed_id, asked_at, id) where state in ('waiting', 'running');
    create index feed_runs_finished on feed_runs (finished_at) where finished_at is not null;

    create table feed_mappings (
      feed_id uuid not null,
      entity_type text not null,
      provider_id text collate "C" not null,
      -- Of a debate, the assignment that it is.
      canonical_id uuid not null,
      round integer,
      -- Each field as it was last imported.
      base jsonb not null,
      changed_at timestamptz(3) not null default clock_timestamp(),
      primary key (feed_id, entity_type, provider_id),
      constraint ck_feed_mapping_type check (entity_type in ('debate')),
      constraint ck_feed_mapping_bounded check (length(provider_id) <= 200)
    );
    create index feed_mappings_of_round on feed_mappings (feed_id, round);
    create index feed_mappings_by_canonical on feed_mappings (canonical_id);

    create table feed_people (
      feed_id uuid not null,
      provider_id text collate "C" not null,
      kind text not null,
      name text,
      -- Kept for ever, and another one only where an admin says so.
      user_id uuid not null,
      is_linked boolean not null default false,
      seen_at timestamptz(3) not null default clock_timestamp(),
      primary key (feed_id, provider_id),
      constraint ck_feed_person_kind check (kind in ('speaker', 'adjudicator')),
      constraint ck_feed_person_bounded check (length(provider_id) <= 200 and length(name) <= 400)
    );

    create table feed_conflicts (
      feed_id uuid not null,
      n integer not null,
      assignment_id uuid not null,
      debate text collate "C" not null,
      field text not null,
      base json,
      ours json,
      theirs json,
      found_at timestamptz(3) not null default clock_timestamp(),
      settled_at timestamptz(3),
      taken text,
      primary key (feed_id, n),
      constraint ck_feed_conflict_taken check (taken in ('ours', 'theirs', 'neither')),
      constraint ck_feed_conflict_settled check ((settled_at is null) = (taken is null))
    );
    create unique index uq_feed_conflict_open on feed_conflicts (assignment_id, field, feed_id) where settled_at is null;
    create index feed_conflicts_open on feed_conflicts (feed_id, n) where settled_at is null;
    create index feed_conflicts_settled on feed_conflicts (settled_at) where settled_at is not null;

    grant insert (id, feed_id, institution_id, kind, input, actor_id, actor_role, actor_institution_id, idempotency_key, fingerprint),
      select (id, feed_id, state, actor_id, idempotency_key, fingerprint) on feed_runs to ${door};
    grant select on feed_runs, feed_people, feed_conflicts to ${api};
    grant select, update, delete on feed_runs to ${worker};
    grant select, insert, update, delete on feed_mappings, feed_people, feed_conflicts to ${worker};
    grant select on feed_mappings to ${feeds};
    ${TABLES.map(
      (table) => `
    alter table ${table} enable row level security, force row level security;
    create policy worker_all on ${table} to ${worker} using (true) with check (true);`,
    ).join('')}
    create policy door_all on feed_runs to ${door} using (true) with check (true);
    create policy feeds_all on feed_mappings for select to ${feeds} using (true);
    create policy api_in_scope on feed_runs for select to ${api} using (${OF_ADMINS});
    create policy api_in_scope on feed_people for select to ${api} using (${OF_FEED});
    create policy api_in_scope on feed_conflicts for select to ${api} using (${OF_FEED});

    -- May the role of feeds put it into the inbox? Looks with the eyes of the door, as has_seat does.
    create function is_import(id uuid, name text, subject text, input json, scope text, institution uuid, role text, home uuid)
    returns boolean
    language plpgsql stable parallel safe security definer set search_path = pg_catalog, pg_temp as $$
    begin
      return exists (select from public.feeds f
          where scope = 'feed:' || f.id and f.institution_id = institution and f.state = 'enabled')
        and (role = 'super_admin' or (role = 'admin' and home = institution))
        and case when name = 'assignment.create'
          then subject = 'assignment:' || id and input ->> 'institution_id' = institution::text
          when name in ('assignment.update', 'assignment.substitute', 'assignment.cancel')
          then exists (select from public.assignments a
            where subject = 'assignment:' || a.id and input ->> 'assignment_id' = a.id::text and a.institution_id = institution)
          else false end;
    end $$;

    grant create on schema public to ${door};
    alter function is_import owner to ${door};
    revoke create on schema public from ${door};
    revoke execute on function is_import from public;
    grant execute on function is_import to ${feeds};
    grant insert, select (id, name, request_id, status, attempts, accepted_at, finished_at, outcome, idempotency_scope,
      idempotency_key, fingerprint) on commands to ${feeds};
    create policy feeds_imports on commands for insert to ${feeds} with check (
      is_import(id, name, stream, input, idempotency_scope, institution_id, actor_role, actor_institution_id));
    create policy feeds_own on commands for select to ${feeds} using (left(idempotency_scope, 5) = 'feed:');
  `);
}

export async function down(knex: Knex): Promise<void> {
  const { feeds } = rolesOf(knex);
  await knex.raw(`
    drop policy feeds_imports on commands;
    drop policy feeds_own on commands;
    revoke all on commands from ${feeds};
    drop function is_import;
    drop table ${TABLES.join(', ')};
  `);
}
