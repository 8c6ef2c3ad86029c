/**
 * Streams that a worker backs off from, because somebody else holds a lock that it needs or because they hold what only
 * a newer version knows. A row says nothing of itself: it lapses at `until`, and the workers renew it while it lasts.
 */
import type { Knex } from 'knex';
import { rolesOf } from './roles.ts';

export async function up(knex: Knex): Promise<void> {
  const { worker } = rolesOf(knex);
  await knex.raw(`
    create table stream_backoffs (
      stream text collate "C" primary key,
      reason text not null,
      until timestamptz(3) not null
    );
    grant select, insert, update, delete on stream_backoffs to ${worker};
    alter table stream_backoffs enable row level security, force row level security;
    create policy worker_all on stream_backoffs to ${worker} using (true) with check (true);
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop table stream_backoffs');
}
