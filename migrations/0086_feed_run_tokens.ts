/** What a run of a feed was asked for with: it is not begun when that was revoked, or has ended, while it waited. */
import type { Knex } from 'knex';
import { rolesOf } from './roles.ts';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- What names the token, when it was issued and until when it is taken; null once the run is over.
    alter table feed_runs add column token json;
    grant insert (token) on feed_runs to ${rolesOf(knex).door};
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('alter table feed_runs drop column token');
}
