/**
 * Snapshots of the states of long streams, each sealed by the worker that stored it with a key that no database holds. They are
 * copies: without them a stream is folded from its first event. No backup holds them.
 */
import type { Knex } from 'knex';
import { rolesOf } from './roles.ts';

export async function up(knex: Knex): Promise<void> {
  const { worker } = rolesOf(knex);
  await knex.raw(`
    create table stream_states (
      stream text collate "C" not null,
      -- Names the key, and the code that folded.
      key_id text not null,
      sequence integer not null,
      event_hash bytea not null,
      -- How many payloads of the stream had been erased.
      erased integer not null,
      state bytea not null,
      seal bytea not null,
      stored_at timestamptz(3) not null default clock_timestamp(),
      primary key (stream, key_id)
    );
    -- It is compressed already.
    alter table stream_states alter column state set storage external;
    create index stream_states_by_age on stream_states (stored_at);
    grant select, insert, update, delete on stream_states to ${worker};
    alter table stream_states enable row level security, force row level security;
    create policy worker_all on stream_states to ${worker} using (true) with check (true);
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop table stream_states');
}
