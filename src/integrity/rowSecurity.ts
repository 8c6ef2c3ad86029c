/**
 * Row-level security as the migrations set it, table by table and policy by policy. Where a table was opened, somebody
 * may have read what is another tenant's, or is about to; a policy too many opens as well as one that says more.
 */
import { ownRolePrefix } from '../core/databaseRoles.ts';
import type { Queryable } from '../core/queryable.ts';

const COURT = ['assignments', 'rosters', 'courtroom_sessions', 'session_participations', 'session_observations'];
const ROUND = ['session_turns', 'objections', 'procedural_violations', 'exhibits', 'session_recordings'];
const REST = ['streams', 'events', 'event_payloads', 'commands', 'session_checks', 'findings'];
/** Of the worker alone. */
const OWN = ['presence_judged'];
const SHARED = [...COURT, ...ROUND, ...REST];
const TABLES = [...SHARED, ...OWN];

/** Roles that see every row of a table, each within what it was granted. */
const SEES_ALL: Record<string, readonly string[]> = {
  worker: TABLES,
  verifier: SHARED,
  relay: SHARED,
  door: [
    ...COURT.filter((table) => table !== 'session_participations'),
    ...['session_turns', 'objections', 'exhibits', 'commands', 'findings'],
  ],
};

const DECLARED =
  `stream=SELECT'session:'::text||s.idFROMcourtroom_sessionssWHEREs.id=` +
  `NULLIFcurrent_setting'plearoll.session_id'::text,true,''::text::uuid`;

/** What the API sees, as Postgres writes the condition, without spaces and parentheses, which differ between versions. */
const IN_SCOPE: Record<string, string> = {
  assignments: 'is_openinstitution_id,visibilityORhas_seatid',
  rosters: 'SELECTtrueFROMassignmentsaWHEREa.id=rosters.assignment_id',
  courtroom_sessions: 'is_openinstitution_id,visibilityORhas_seatassignment_id',
  session_participations: 'SELECTtrueFROMcourtroom_sessionssWHEREs.id=session_participations.session_id',
  streams: 'SELECTtrueFROMcourtroom_sessionssWHEREs.id=session_ofstreams.stream',
  events: DECLARED,
  event_payloads: DECLARED,
  commands: 'is_own_commandactor_id,institution_id',
  ...Object.fromEntries(
    ROUND.map((table) => [table, `SELECTtrueFROMcourtroom_sessionssWHEREs.id=${table}.session_id`]),
  ),
  session_checks: 'SELECTtrueFROMcourtroom_sessionssWHEREs.id=session_checks.session_id',
  findings: `current_setting'plearoll.role'::text,true='super_admin'::text`,
};

/** The shape of each policy by `<policy> of <table>`. */
const policiesOf = (prefix: string) =>
  new Map<string, string>([
    ...Object.entries(SEES_ALL).flatMap(([role, tables]) =>
      tables.map((table) => [`${role}_all of ${table}`, `PERMISSIVE ALL {${prefix}_${role}} true / true`] as const),
    ),
    ...Object.entries(IN_SCOPE).map(
      ([table, condition]) =>
        [`api_in_scope of ${table}`, `PERMISSIVE SELECT {${prefix}_api} ${condition} / `] as const,
    ),
  ]);

/** Findings in fixed order; none when all stands as the migrations set it. */
export async function verifyRowSecurity(db: Queryable): Promise<string[]> {
  return [...(await openTables(db)), ...(await policyIssues(db))];
}

async function openTables(db: Queryable): Promise<string[]> {
  const { rows } = await db.query<{ name: string }>(
    `select relname as name from pg_class
     where relnamespace = 'public'::regnamespace and relrowsecurity and relforcerowsecurity`,
  );
  const forced = new Set(rows.map(({ name }) => name));
  return TABLES.filter((table) => !forced.has(table)).map((table) => `Guard disabled: row security of ${table}`);
}

async function policyIssues(db: Queryable): Promise<string[]> {
  const { rows } = await db.query<{ name: string; shape: string }>(
    `select policyname || ' of ' || tablename as name, format('%s %s %s %s / %s', permissive, cmd, roles,
       regexp_replace(qual, '[\\s()]|public\\.', '', 'g'), regexp_replace(with_check, '[\\s()]|public\\.', '', 'g')) as shape
     from pg_policies where schemaname = 'public' and tablename = any($1) order by tablename, policyname`,
    [TABLES],
  );
  const policies = policiesOf(await ownRolePrefix(db));
  const found = new Map(rows.map(({ name, shape }) => [name, shape]));
  const wrong = [...policies].flatMap(([name, shape]) => {
    if (!found.has(name)) return [`Guard missing: policy ${name}`];
    return found.get(name) === shape ? [] : [`Guard changed: policy ${name}`];
  });
  const added = [...found.keys()].filter((name) => !policies.has(name));
  return [...wrong, ...added.map((name) => `Guard added: policy ${name}`)];
}
