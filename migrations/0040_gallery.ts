/** The gallery of a session: how it stands, what spectators said, and what was reported. All are projections of a stream of its own. */
import type { Knex } from 'knex';
import { rolesOf } from './roles.ts';

const TABLES = ['galleries', 'gallery_messages', 'gallery_reports'] as const;
const SEES_ALL = ['worker', 'verifier', 'relay'] as const;

export async function up(knex: Knex): Promise<void> {
  const roles = rolesOf(knex);
  await knex.raw(`
    -- Null where it is off, and the other where it follows from the visibility.
    alter table assignments add column gallery text, add column gallery_moderation text;

    create table galleries (
      session_id uuid primary key references courtroom_sessions (id) on delete restrict,
      is_closed boolean not null,
      slow_seconds integer not null
    );

    create table gallery_messages (
      id uuid primary key,
      session_id uuid not null references courtroom_sessions (id) on delete restrict,
      -- Of the event that posted it.
      sequence integer not null,
      author text collate "C" not null,
      author_number integer not null,
      -- These are null once they are erased.
      author_name text,
      author_key text,
      category text,
      text text,
      state text not null,
      is_shadowed boolean not null,
      needs_review boolean not null,
      is_kept boolean not null,
      answered boolean not null,
      votes integer not null,
      reports integer not null,
      posted_at timestamptz(3) not null,
      payload_commitment char(64) not null,
      constraint ck_gallery_message_state check (state in ('held', 'shown', 'hidden', 'removed', 'withdrawn', 'erased'))
    );
    create unique index gallery_messages_in_order on gallery_messages (session_id, sequence);
    create index gallery_messages_by_time on gallery_messages (posted_at);
    create index gallery_messages_by_author on gallery_messages (author, posted_at);
    create index gallery_messages_to_review on gallery_messages (session_id, sequence) where needs_review;
    create index gallery_messages_to_erase on gallery_messages (posted_at) where text is not null;

    -- They outlive the texts.
    create table gallery_reports (
      id uuid primary key,
      session_id uuid not null references courtroom_sessions (id) on delete restrict,
      message_id uuid not null references gallery_messages (id) on delete restrict,
      message_commitment char(64) not null,
      author text collate "C" not null,
      reporter text collate "C" not null,
      reason varchar(500),
      reported_at timestamptz(3) not null
    );
    create index gallery_reports_in_order on gallery_reports (session_id, reported_at, id);
    create index gallery_reports_of_message on gallery_reports (message_id);
    create index gallery_reports_of_author on gallery_reports (author, reported_at);

    grant select on ${TABLES.join(', ')} to ${roles.api}, ${roles.relay}, ${roles.worker}, ${roles.verifier};
    grant insert, update on ${TABLES.join(', ')} to ${roles.worker};
    grant select (id, session_id) on gallery_messages to ${roles.door};
    create policy door_all on gallery_messages to ${roles.door} using (true) with check (true);
    ${TABLES.map(
      (table) => `
    alter table ${table} enable row level security, force row level security;
    ${SEES_ALL.map((role) => `create policy ${role}_all on ${table} to ${roles[role]} using (true) with check (true);`).join('\n')}
    create policy api_in_scope on ${table} for select to ${roles.api}
      using ((select true from courtroom_sessions s where s.id = session_id));`,
    ).join('\n')}
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop table ${[...TABLES].reverse().join(', ')};
    alter table assignments drop column gallery_moderation, drop column gallery;
  `);
}
