/**
 * Row-level security: every table that holds a tenant's data says who sees which of its rows, and is closed to whoever
 * is not named. The API's role reads within the scope that its transaction declares, and declares nothing:
 * sees nothing. What the door must know before there is a scope the door's role asks, which sees the columns that
 * answer it and no others. docs/tenancy.md tells why.
 */
import type { Knex } from 'knex';
import { type RoleNames, rolesOf } from './roles.ts';

const TABLES = [
  'assignments',
  'rosters',
  'courtroom_sessions',
  'session_participations',
  'session_observations',
  'streams',
  'events',
  'event_payloads',
  'commands',
  'session_checks',
  'findings',
] as const;

/** Roles that see every row of a table, each within what it was granted. */
const SEES_ALL: Record<'worker' | 'verifier' | 'relay' | 'door', readonly string[]> = {
  worker: TABLES,
  verifier: TABLES,
  relay: TABLES,
  door: ['assignments', 'rosters', 'courtroom_sessions', 'session_observations', 'commands', 'findings'],
};

/**
 * What the API may read in a declared scope. Scalar sub-selects, as an EXISTS may be planned as a hash of a whole table.
 * Of events and payloads it sees those of the session that it declares: that is decided once a statement, not each row.
 */
const DECLARED = `
  stream = (select 'session:' || s.id from courtroom_sessions s
    where s.id = nullif(current_setting('plearoll.session_id', true), '')::uuid)`;
const IN_SCOPE: Record<string, string> = {
  assignments: 'is_open(institution_id, visibility) or has_seat(id)',
  rosters: '(select true from assignments a where a.id = assignment_id)',
  courtroom_sessions: 'is_open(institution_id, visibility) or has_seat(assignment_id)',
  session_participations: '(select true from courtroom_sessions s where s.id = session_id)',
  streams: '(select true from courtroom_sessions s where s.id = session_of(stream))',
  events: DECLARED,
  event_payloads: DECLARED,
  commands: 'is_own_command(actor_id, institution_id)',
  session_checks: '(select true from courtroom_sessions s where s.id = session_id)',
  findings: `current_setting('plearoll.role', true) = 'super_admin'`,
};

export async function up(knex: Knex): Promise<void> {
  const roles = rolesOf(knex);
  await knex.raw(`
    -- Open to the reader by role, institution or visibility, whatever the roster says.
    create function is_open(institution_id uuid, visibility text) returns boolean
    language sql stable parallel safe as $$
      select current_setting('plearoll.role', true) = 'super_admin'
        or (visibility = 'public' and current_setting('plearoll.role', true) <> '')
        or (institution_id = nullif(current_setting('plearoll.institution_id', true), '')::uuid
          and (visibility = 'institution' or current_setting('plearoll.role', true) = 'admin'))
    $$;

    -- On the roster. Looks with the eyes of the door, as the roster's own policy asks for its assignment.
    create function has_seat(assignment uuid) returns boolean
    language plpgsql stable parallel safe security definer set search_path = pg_catalog, pg_temp as $$
    begin
      return exists (
        select from public.rosters where assignment_id = assignment
          and user_id = nullif(current_setting('plearoll.user_id', true), '')::uuid);
    end $$;

    create function is_own_command(actor_id text, institution_id uuid) returns boolean
    language sql stable parallel safe as $$
      select current_setting('plearoll.role', true) = 'super_admin'
        or actor_id = nullif(current_setting('plearoll.user_id', true), '')
        or (current_setting('plearoll.role', true) = 'admin'
          and institution_id = nullif(current_setting('plearoll.institution_id', true), '')::uuid)
    $$;

    -- Null where a name holds no uuid: a policy that raised would blind its reader.
    create function session_of(stream text) returns uuid
    language sql immutable parallel safe as $$
      select case when left(stream, 8) = 'session:' and translate(substr(stream, 9), '123456789abcdef', repeat('0', 15))
        = '00000000-0000-0000-0000-000000000000' then substr(stream, 9)::uuid end
    $$;

    -- What is active is listed for somebody without walking through what is active elsewhere.
    create index courtroom_sessions_active_by_institution on courtroom_sessions (institution_id, started_at, id)
      where status = 'active';
    create index courtroom_sessions_active_public on courtroom_sessions (started_at, id)
      where status = 'active' and visibility = 'public';

    grant create on schema public to ${roles.door};
    alter function has_seat owner to ${roles.door};
    revoke create on schema public from ${roles.door};
    revoke execute on function has_seat from public;
    grant execute on function has_seat to ${roles.api};

    ${TABLES.map((table) => `alter table ${table} enable row level security, force row level security;`).join('\n')}
    ${policies(roles).join('\n')}

    revoke select on installation, session_observations from ${roles.api};
    revoke insert on commands from ${roles.api};
    grant select on installation to ${roles.door};
    grant select, insert on commands to ${roles.door};
    grant select (id, institution_id, visibility) on assignments to ${roles.door};
    grant select (assignment_id, user_id, role) on rosters to ${roles.door};
    grant select (id, assignment_id) on courtroom_sessions to ${roles.door};
    grant select (id, session_id, user_id) on session_observations to ${roles.door};
    grant select (resolved_at) on findings to ${roles.door};
  `);
}

function policies(roles: RoleNames): string[] {
  const all = (Object.keys(SEES_ALL) as (keyof typeof SEES_ALL)[]).flatMap((role) =>
    SEES_ALL[role].map(
      (table) => `create policy ${role}_all on ${table} to ${roles[role]} using (true) with check (true);`,
    ),
  );
  const scoped = Object.entries(IN_SCOPE).map(
    ([table, condition]) => `create policy api_in_scope on ${table} for select to ${roles.api} using (${condition});`,
  );
  return [...all, ...scoped];
}

export async function down(knex: Knex): Promise<void> {
  const roles = rolesOf(knex);
  const dropped = [
    ...Object.entries(SEES_ALL).flatMap(([role, tables]) => tables.map((table) => `${role}_all on ${table}`)),
    ...Object.keys(IN_SCOPE).map((table) => `api_in_scope on ${table}`),
  ];
  await knex.raw(`
    ${dropped.map((policy) => `drop policy ${policy};`).join('\n')}
    ${TABLES.map((table) => `alter table ${table} no force row level security, disable row level security;`).join('\n')}
    revoke all on assignments, rosters, courtroom_sessions, session_observations, commands, findings, installation
      from ${roles.door};
    grant select on installation, session_observations to ${roles.api};
    grant insert on commands to ${roles.api};
    drop index courtroom_sessions_active_by_institution;
    drop index courtroom_sessions_active_public;
    drop function has_seat;
    drop function is_open;
    drop function is_own_command;
    drop function session_of;
  `);
}
