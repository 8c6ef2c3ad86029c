/** Who looked into galleries on which day, by hashes that are others the next day. It stands outside the chain, and is pruned. */
import type { Knex } from 'knex';
import { rolesOf } from './roles.ts';

const SEES_ALL = ['worker', 'verifier', 'relay'] as const;

export async function up(knex: Knex): Promise<void> {
  const roles = rolesOf(knex);
  await knex.raw(`
    create table gallery_visits (
      -- Of the command that counted.
      id uuid not null,
      visitor text collate "C" not null,
      session_id uuid not null references courtroom_sessions (id) on delete restrict,
      -- UTC.
      day text collate "C" not null,
      views integer not null,
      primary key (id, visitor)
    );
    create index gallery_visits_by_session on gallery_visits (session_id, day);
    create index gallery_visits_by_day on gallery_visits (day);
    grant select on gallery_visits to ${roles.api}, ${roles.relay}, ${roles.verifier};
    grant select, insert, delete on gallery_visits to ${roles.worker};
    alter table gallery_visits enable row level security, force row level security;
    ${SEES_ALL.map((role) => `create policy ${role}_all on gallery_visits to ${roles[role]} using (true) with check (true);`).join('\n')}
    create policy api_in_scope on gallery_visits for select to ${roles.api}
      using ((select true from courtroom_sessions s where s.id = session_id));
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop table gallery_visits');
}
