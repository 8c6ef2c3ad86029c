/** Feeds, and how far each is: the first by events, the other by the workers that ask. */
import type { Knex } from 'knex';
import { rolesOf } from './roles.ts';

const SEES_ALL = ['door', 'worker', 'verifier', 'relay'] as const;

export async function up(knex: Knex): Promise<void> {
  const roles = rolesOf(knex);
  await knex.raw(`
    create table feeds (
      id uuid primary key,
      institution_id uuid not null,
      provider text not null,
      name text not null,
      base_url text,
      tournament text,
      secret_ref text,
      mapping json,
      visibility text not null,
      state text not null,
      created_at timestamptz(3) not null,
      changed_at timestamptz(3) not null,
      constraint ck_feed_state_valid check (state in ('enabled', 'disabled', 'removed'))
    );
    create index feeds_of_institution on feeds (institution_id, created_at, id) where state <> 'removed';
    create index feeds_in_order on feeds (created_at, id) where state <> 'removed';

    grant select on feeds to ${roles.api}, ${roles.relay}, ${roles.worker}, ${roles.verifier};
    grant insert, update on feeds to ${roles.worker};
    grant select (id, institution_id, state) on feeds to ${roles.door};
    alter table feeds enable row level security, force row level security;
    ${SEES_ALL.map((role) => `create policy ${role}_all on feeds to ${roles[role]} using (true) with check (true);`).join('\n')}
    create policy api_in_scope on feeds for select to ${roles.api} using (is_of_institution(institution_id));

    -- No row before it was first asked.
    create table feed_states (
      feed_id uuid primary key,
      last_sync timestamptz(3),
      -- Debates of the last import that became no match.
      unresolved integer not null default 0
    );
    grant select on feed_states to ${roles.api};
    grant select, insert, update, delete on feed_states to ${roles.worker};
    alter table feed_states enable row level security, force row level security;
    create policy worker_all on feed_states to ${roles.worker} using (true) with check (true);
    create policy api_in_scope on feed_states for select to ${roles.api}
      using ((select true from feeds f where f.id = feed_id));
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop table feed_states;
    drop table feeds;
  `);
}
