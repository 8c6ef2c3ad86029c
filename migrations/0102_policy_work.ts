/**
 * Policies are weighed by jobs: whether a decision was right may be said afterwards, and an institution may let thresholds be
 * changed by themselves. What was lifted ends with its session, which doors find by the session's end.
 */
import type { Knex } from 'knex';
import { rolesOf } from './roles.ts';

export async function up(knex: Knex): Promise<void> {
  const { door, worker } = rolesOf(knex);
  await knex.raw(`
    alter table institution_settings add column auto_tune boolean not null default false;
    create index institution_settings_changed on institution_settings (changed_at);

    -- Null where nobody said so: then the outcome tells.
    alter table policy_outcomes add column correct boolean;
    grant update (correct) on policy_outcomes to ${worker};

    create index policy_overrides_of_session on policy_overrides (session_id);
    create index courtroom_sessions_ended on courtroom_sessions (ended_at) where ended_at is not null;
    grant select (status, ended_at) on courtroom_sessions to ${door};
  `);
}

export async function down(knex: Knex): Promise<void> {
  const { door } = rolesOf(knex);
  await knex.raw(`
    revoke select (status, ended_at) on courtroom_sessions from ${door};
    drop index courtroom_sessions_ended;
    drop index policy_overrides_of_session;
    alter table policy_outcomes drop column correct;
    drop index institution_settings_changed;
    alter table institution_settings drop column auto_tune;
  `);
}
