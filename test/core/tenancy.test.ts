/** Tenants are apart in the database itself: what a role sees is what its policies say, whatever a statement forgets. */
import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { migrate } from '../../migrations/migrate.ts';
import { findScope, isVisible } from '../../src/access/scope.ts';
import type { Actor, Role } from '../../src/core/definitions/actor.ts';
import type { Queryable } from '../../src/core/sql/queryable.ts';
import { createReading } from '../../src/http/queries/scopedReads.ts';
import { type DatabaseRole, openPool } from '../../src/infra/postgres/database.ts';
import { verifyRecord } from '../../src/integrity/verifyRecord.ts';
import { catalog } from '../../src/modules.ts';
import { tables } from '../../src/tables.ts';
import { completedSession, openCourt } from '../integrity/recordFixture.ts';
import { openPasses, type Passes, type Place } from '../support/applierHarness.ts';
import { cloneDatabase } from '../support/database.ts';
import * as court from '../support/matchFixture.ts';
import { submission } from '../support/submissions.ts';
import { addAnyRows, doorColumns, OF_INSTITUTIONS, RECORD, SHOWN, TABLES } from '../support/tables.ts';

/** Tables without row-level security, each with the reason. */
const OPEN: Record<string, string> = {
  audit_refusals: 'what doors refused in the last minutes, granted to the door and the worker alone',
  audit_archive: 'sizes of checkpoints whose references were archived, for everybody',
  audit_mark: 'one row: how far the inbox was audited, granted to the worker alone',
  installation: 'one row about the installation, granted to the door and the relay alone',
  inbox_mark: 'one row: up to where the inbox is settled, and which streams are stuck',
  knex_migrations: 'which migrations were run',
  knex_migrations_lock: 'granted to nobody',
  lapsed_payloads: 'which payloads lapsed, and by which event; nothing of what they said',
  leases: 'who leads the schedule; nothing of any tenant',
  log_checkpoints: 'what is signed of the log, for everybody',
  log_cosignatures: 'what witnesses signed, for everybody',
  log_evidence: 'notes that may not be, of the log as a whole',
  log_keys: 'public keys',
  log_sinks: 'how far the checkpoints are',
  log_held: 'which stream is held back from the log, and the hashes that differ',
  log_leaves: 'which event has which place in the log; nothing of what it says',
  log_queue: 'which streams have grown, granted to the worker alone',
  log_state: 'one row: how large the log is',
  log_tiles: 'hashes alone, for everybody',
  schedules: 'when each job was last due; nothing of any tenant',
  schedule_ticks: 'runs of jobs, told in counts',
  threat_mark: 'one row: how far the inbox was counted, granted to the worker alone',
  ticket_secrets: "one row: the secrets of observers' tickets, granted to the door, the relay and the worker alone",
  health_reports: 'the installation as a whole, told in counts, for super_admin alone',
};
/** What the API may ask for at all. */
const READ_BY_API = [...SHOWN, ...RECORD, 'commands', 'session_checks', 'findings'];
/** Those with what belongs to a tenant. */
const TENANTED = [...new Set([...READ_BY_API, ...TABLES])];
/** Granted to the worker alone. */
const OF_WORKER = ['presence_judged', 'stream_backoffs', 'stream_states', 'threat_activity', 'threat_models'];
/** Written by the worker, read by their person. */
const OWN = ['follows', 'privacy_erasures', 'telemetry_models'];
/** Asked for by the door, answered by the worker, read by the API. */
const RUNS = 'integrity_runs';
/** Put aside by the door, compared by the worker, read by the API for those to whom they were revealed. */
const DETAILS = 'contact_details';
/** Written by the role of feeds, read by the API in scope and by the relay. */
const MATCHES = ['matches', 'match_state', 'match_events', 'match_disputes'];
/** Written by the worker, read by the API for the institution of the feed. */
const FEEDS = ['feed_states', 'feed_conflicts', 'match_results'];
/** Written by the worker, and of them that they were read by the door; the API reads those of its reader. */
const NOTICES = ['notices', 'notice_reads', 'notice_preferences'];
/** The door looks besides whether a person was linked. */
const PEOPLE = 'feed_people';
/** What of a site is what here: of the worker, and read by the role of feeds. */
const MAPPINGS = 'feed_mappings';
/** Asked for by the door, done by the worker, read by the API. */
const FEED_RUNS = 'feed_runs';
/** Written by the door, read by the API in scope and for their person, swept by the worker. */
const COUNTED = ['policy_decisions', 'policy_outcomes'];
/** Made by the worker, and by the door opened once. */
const INVITES = 'feed_invites';
/** Decided at the door, and read by its person; nobody else. */
const CONSENTS = 'telemetry_consents';
/** Put in by the door, taken out by the worker, read by their person. */
const BATCHES = 'telemetry_batches';
/** Noted by the door and, by a function, by the relay; read by the API for their people and the admins of theirs. */
const LOGINS = ['logins', 'login_places', 'login_locations'];
/** Written by the worker, shown with the login session. */
const ENDS = 'login_ends';
/** Asked by the door or the worker, confirmed by the worker; read by the API for their people and the admins of theirs. */
const STEP_UPS = 'step_ups';
/** Reckoned by the worker, and read by its person and by admins. */
const RISKS = 'telemetry_risks';
/** Counted at the door and, by a function, by the relay; read by the worker alone. */
const BAD_SIGNATURES = 'threat_bad_signatures';
/** Found by the worker, read by admins, who say at the door what they were. */
const THREATS = 'threat_predictions';
/** Reckoned by the worker, and read by admins. */
const ACCURACIES = 'threat_accuracies';
const VISIBILITIES = ['private', 'institution', 'public'] as const;

let passes: Passes;
let places: Record<string, Place>;
let pools: Record<'api' | 'door' | 'worker' | 'relay' | 'verifier', pg.Pool>;

beforeAll(async () => {
  passes = await openPasses(catalog);
  // One connection each, so that whatever a reader leaves behind the next one meets.
  const open = (role: DatabaseRole) => openPool(passes.database.url, role, 1, () => {});
  pools = {
    ...{ api: open('api'), door: open('door'), worker: open('worker') },
    ...{ relay: open('relay'), verifier: open('verifier') },
  };
  places = {};
  for (const one of VISIBILITIES) places[one] = await openPlace(one);
});

afterAll(async () => {
  await Promise.all(Object.values(pools).map((pool) => pool.end()));
  await passes.close();
});

async function openPlace(visibility: string): Promise<Place> {
  const create = submission(catalog, 'assignment.create', { ...court.match, visibility }, court.admin);
  const session = submission(catalog, 'session.create', { assignment_id: create.id }, court.admin);
  const place = { assignment_id: create.id, session_id: session.id };
  const joining = { actor: court.petitioner, institution_id: court.INSTITUTION };
  const join = passes.order('session.join', place, { role: 'petitioner' }, joining);
  const batch = [create, session, join, passes.order('session.observe', place), passes.log(place, 1)];
  for (const one of batch) {
    await passes.accept(one);
    await passes.passAll([one]);
  }
  const { pool } = passes.database;
  const finding = `insert into findings values (gen_random_uuid(), 'verify.recent', $1, '[]', 0, now(), now(), null)`;
  await pool.query(`insert into session_checks values ($1, now(), 1, false, '[]')`, [session.id]);
  await pool.query(finding, [`session:${session.id}`]);
  await addAnyRows(pool, place);
  return place;
}

async function countOf(db: Pick<Queryable, 'query'>, table: string): Promise<number> {
  const { rows } = await db.query<{ count: number }>(`select count(*)::integer as count from ${table}`);
  return rows[0]!.count;
}

async function countAll(db: Pick<Queryable, 'query'>, tables: string[]): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const table of tables) counts[table] = await countOf(db, table);
  return counts;
}

const nothing = (tables: string[]) => Object.fromEntries(tables.map((table) => [table, 0]));
const reading = () => createReading(pools.api, pools.verifier);
const everyRole: Role[] = ['admin', 'judge', 'moderator', 'participant'];

/** Somebody of another institution, on no roster. */
const stranger = (role: Role): Actor => ({ id: randomUUID(), role, institution_id: randomUUID() });
/** A reader without a token. */
const anonymous: Actor = { id: 'address 192.0.2.1', role: 'anonymous', institution_id: null };
/** The same person as another institution's token shows them. */
const guest = (actor: Actor): Actor => ({ ...actor, institution_id: randomUUID() });

test('every table with what belongs to a tenant has row-level security, forced, with policies', async () => {
  const { rows } = await passes.database.pool.query(
    `select t.table_name as name, t.table_type as type, c.relrowsecurity and c.relforcerowsecurity as is_forced,
       array(select policyname::text from pg_policies p where p.tablename = t.table_name and p.schemaname = 'public') as policies
     from information_schema.tables t
     join pg_class c on c.relname = t.table_name and c.relnamespace = 'public'::regnamespace
     where t.table_schema = 'public' order by 1`,
  );
  expect(rows.filter(({ type }) => type !== 'BASE TABLE')).toEqual([]);
  expect(rows.map(({ name }) => name)).toEqual(
    [
      ...TENANTED,
      ...OF_WORKER,
      RUNS,
      DETAILS,
      ...MATCHES,
      ...FEEDS,
      ...NOTICES,
      PEOPLE,
      MAPPINGS,
      FEED_RUNS,
      ...COUNTED,
      INVITES,
      CONSENTS,
      BATCHES,
      ...LOGINS,
      ENDS,
      STEP_UPS,
      ...OWN,
      RISKS,
      ...[BAD_SIGNATURES, THREATS, ACCURACIES],
      ...Object.keys(OPEN),
    ].sort(),
  );
  for (const { name, is_forced, policies } of rows) {
    if (name in OPEN) continue;
    expect({ name, is_forced }).toEqual({ name, is_forced: true });
    if (OF_WORKER.includes(name)) expect(policies).toEqual(['worker_all']);
    else if (OWN.includes(name)) expect(policies.sort()).toEqual(['api_own', 'worker_all']);
    else if (name === DETAILS) expect(policies.sort()).toEqual(['api_own', 'api_revealed', 'door_all', 'worker_all']);
    else if (MATCHES.includes(name))
      expect(policies.sort()).toEqual(['api_in_scope', 'feeds_all', 'relay_all', 'worker_all']);
    else if (name === ENDS) expect(policies.sort()).toEqual(['api_in_scope', 'door_reads', 'worker_all']);
    else if (FEEDS.includes(name) || [RISKS, ACCURACIES].includes(name))
      expect(policies.sort()).toEqual(['api_in_scope', 'worker_all']);
    else if (name === BATCHES) expect(policies.sort()).toEqual(['api_own', 'door_all', 'worker_all']);
    else if ([INVITES, BAD_SIGNATURES].includes(name)) expect(policies.sort()).toEqual(['door_all', 'worker_all']);
    else if (name === 'notice_preferences') expect(policies.sort()).toEqual(['api_own', 'worker_all']);
    else if (NOTICES.includes(name)) expect(policies.sort()).toEqual(['api_own', 'door_all', 'worker_all']);
    else if ([...LOGINS, STEP_UPS].includes(name))
      expect(policies.sort()).toEqual(['api_in_scope', 'door_all', 'worker_all']);
    else if (name === MAPPINGS) expect(policies.sort()).toEqual(['feeds_all', 'worker_all']);
    else if (COUNTED.includes(name))
      expect(policies.sort()).toEqual(['api_in_scope', 'api_own', 'door_all', 'worker_all']);
    else if ([RUNS, FEED_RUNS, PEOPLE, CONSENTS, THREATS].includes(name))
      expect(policies.sort()).toEqual(['api_in_scope', 'door_all', 'worker_all']);
    else expect(policies).toEqual(expect.arrayContaining(['worker_all', 'verifier_all', 'relay_all']));
  }
});

test('no policy is for everybody, and none of the API says yes to everything or lets it write', async () => {
  const { rows } = await passes.database.pool.query(
    `select tablename, policyname, roles::text[], cmd, qual from pg_policies
     where roles::text[] && array['public', 'plearoll_queue'] or cardinality(roles) <> 1
       or ('plearoll_api' = any(roles) and (cmd <> 'SELECT' or qual = 'true'))`,
  );
  expect(rows).toEqual([]);
});

describe('the API', () => {
  test('sees nothing of any tenant unless it declares for whom it reads', async () => {
    expect(await countAll(pools.api as never, READ_BY_API)).toEqual(nothing(READ_BY_API));
  });

  test('sees nothing again after it has read for somebody, on the same connection', async () => {
    const { session_id } = places.institution!;
    for (const actor of [court.superAdmin, court.admin, court.petitioner]) {
      await reading().inScope(actor, session_id, async (db) => {
        for (const [table, count] of Object.entries(await countAll(db, READ_BY_API))) {
          if (!['commands', 'findings', ...OF_INSTITUTIONS].includes(table))
            expect(`${table} ${count}`).not.toBe(`${table} 0`);
        }
      });
      expect(await countAll(pools.api as never, READ_BY_API)).toEqual(nothing(READ_BY_API));
      const failing = reading().inScope(actor, session_id, (db) => db.query('select 1 / 0'));
      await expect(failing).rejects.toMatchObject({ code: '22012' });
      expect(await countAll(pools.api as never, READ_BY_API)).toEqual(nothing(READ_BY_API));
    }
  });

  const strangers: [string, Actor][] = [
    ...everyRole.map((role): [string, Actor] => [`${role} of another institution`, stranger(role)]),
    ['reader without a token', anonymous],
  ];

  test.each(strangers)('sees for a %s what is public and nothing else', async (_, actor) => {
    const { session_id } = places.public!;
    const seen = await reading().inScope(actor, session_id, (db) => countAll(db, READ_BY_API));
    const roster = court.match.petitioner.length + court.match.respondent.length + court.match.panel.length + 1;
    expect(seen).toEqual({
      ...Object.fromEntries(SHOWN.map((name) => [name, OF_INSTITUTIONS.includes(name) ? 0 : 1])),
      ...{ rosters: roster, streams: 1, events: 3, event_payloads: 3, commands: 0, session_checks: 1, findings: 0 },
    });
    for (const hidden of [places.private!, places.institution!]) {
      const record = (db: Queryable) => countAll(db, ['events', 'event_payloads']);
      expect(await reading().inScope(actor, hidden.session_id, record)).toEqual({
        events: 0,
        event_payloads: 0,
      });
    }
  });

  const everybody: [string, Actor][] = [
    ['super_admin', court.superAdmin],
    ...everyRole.map((role): [string, Actor] => [`${role} elsewhere`, stranger(role)]),
    ['reader without a token', anonymous],
    ['admin', court.admin],
    ['presiding judge', court.presiding],
    ['judge on no panel', court.outsideJudge],
    ['petitioner', court.petitioner],
    ['petitioner of another institution', guest(court.petitioner)],
    ['judge of another institution', guest(court.judge)],
    ['bailiff', court.bailiff],
    ['student', court.student],
  ];

  test.each(everybody)('sees for a %s exactly what the rules of scope say', async (_, actor) => {
    for (const { assignment_id, session_id } of Object.values(places)) {
      const scope = (await findScope(pools.door as never, { kind: 'session', id: session_id }))!;
      const seen = await reading().inScope(actor, session_id, async (db) => {
        const found = async (from: string, id: unknown) =>
          (await db.query(`select 1 from ${from} = $1`, [id])).rowCount! > 0;
        const places: Record<string, string> = { assignments: assignment_id, courtroom_sessions: session_id };
        return Promise.all([
          found('assignments where id', assignment_id),
          found('courtroom_sessions where id', session_id),
          ...tables.flatMap(({ name, visible }) =>
            typeof visible === 'object' ? found(`${name} where ${visible.by}`, places[visible.with]) : [],
          ),
          found('streams where stream', `session:${session_id}`),
          found('events where sequence = 1 and stream', `session:${session_id}`),
          found('event_payloads where sequence = 1 and stream', `session:${session_id}`),
          found('session_checks where session_id', session_id),
        ]);
      });
      expect(seen.length).toBeGreaterThan(SHOWN.length - OF_INSTITUTIONS.length);
      expect(seen).toEqual(seen.map(() => isVisible(scope, actor)));
    }
  });

  test('shows who was replaced what strangers see, in code and rows alike', async () => {
    const { pool } = passes.database;
    const { assignment_id, session_id } = places.private!;
    const replaced = (at: string, by: string) =>
      pool.query(
        `update rosters set replaced_at = ${at}, replaced_by = ${by} where assignment_id = $1 and user_id = $2`,
        [assignment_id, court.petitioner.id],
      );
    const seen = async () => {
      const scope = (await findScope(pools.door as never, { kind: 'session', id: session_id }))!;
      const rows = await reading().inScope(court.petitioner, session_id, (db) =>
        countAll(db, ['courtroom_sessions', 'events', 'session_recordings']),
      );
      return [isVisible(scope, court.petitioner), rows.courtroom_sessions, rows.events, rows.session_recordings];
    };
    expect(await seen()).toEqual([true, 3, 3, 3]);
    await replaced('now()', 'gen_random_uuid()');
    expect(await seen()).toEqual([false, 2, 0, 2]);
    await replaced('null', 'null');
    expect(await seen()).toEqual([true, 3, 3, 3]);
  });

  test('sees the events of no other session than the one it declares, though both are in scope', async () => {
    const streams = await reading().inScope(court.admin, places.private!.session_id, async (db) => {
      const { rows } = await db.query<{ stream: string }>(
        'select stream from events union select stream from event_payloads',
      );
      return rows.map(({ stream }) => stream);
    });
    expect(streams).toEqual([`session:${places.private!.session_id}`]);
  });

  test('sees findings for super_admins', async () => {
    const seen = async (actor: Actor) => reading().inScope(actor, null, (db) => countOf(db, 'findings'));
    expect(await seen(court.superAdmin)).toBe(VISIBILITIES.length);
    expect(await seen(court.admin)).toBe(0);
  });

  test('sees of verifications an admin those of the institution, a super_admin all', async () => {
    const { pool } = passes.database;
    const others = [null, court.INSTITUTION, randomUUID()];
    await pool.query('insert into integrity_runs (id, institution_id) select gen_random_uuid(), unnest($1::uuid[])', [
      others,
    ]);
    const seen = async (actor: Actor) => reading().inScope(actor, null, (db) => countOf(db, RUNS));
    expect(await seen(court.superAdmin)).toBe(3);
    expect(await seen(court.admin)).toBe(1);
    expect(await countOf(pools.api as never, RUNS)).toBe(0);
    for (const actor of [court.petitioner, ...everyRole.map(stranger)]) expect(await seen(actor)).toBe(0);
  });

  test('sees of commands the own, an admin those of the institution, a super_admin all', async () => {
    const seen = async (actor: Actor) => reading().inScope(actor, null, (db) => countOf(db, 'commands'));
    const all = await countOf(passes.database.pool as never, 'commands');
    expect(await seen(court.superAdmin)).toBe(all);
    // Those that the super_admin sent bear no institution here.
    expect(await seen(court.admin)).toBe(all - 2 * VISIBILITIES.length);
    expect(await seen(court.petitioner)).toBe(VISIBILITIES.length);
    expect(await seen(court.student)).toBe(0);
    for (const role of everyRole) expect(await seen(stranger(role))).toBe(0);
  });

  test('changes nothing, whatever it declares', async () => {
    for (const table of TENANTED) {
      const writes = [`insert into ${table} default values`, `delete from ${table}`, `truncate ${table}`];
      for (const text of writes) {
        const asked = reading().inScope(court.superAdmin, null, (db) => db.query(text));
        await expect(asked).rejects.toMatchObject({ code: expect.stringMatching(/^(42501|25006)$/) });
        await expect(pools.api.query(text)).rejects.toMatchObject({ code: '42501' });
      }
    }
  });

  test('reads as the verifier what is hidden from the asker, and changes nothing either', async () => {
    const all = await countAll(passes.database.pool as never, ['events', 'courtroom_sessions']);
    expect(await reading().asVerifier(court.superAdmin, (db) => countAll(db, Object.keys(all)))).toEqual(all);
    const written = reading().asVerifier(court.superAdmin, (db) => db.query('create temporary table kept (id int)'));
    await expect(written).rejects.toMatchObject({ code: '25006' });
  });
});

test.each(['worker', 'verifier', 'relay'] as const)('the %s sees every row', async (role) => {
  const all = await countAll(passes.database.pool as never, TENANTED);
  expect(Object.values(all)).not.toContain(0);
  expect(await countAll(pools[role] as never, TENANTED)).toEqual(all);
});

test('the door sees every row of what it may read', async () => {
  const readable = tables.filter((table) => doorColumns(table).length > 0).map(({ name }) => name);
  const all = await countAll(passes.database.pool as never, [...readable, 'commands', 'findings']);
  expect(Object.values(all)).not.toContain(0);
  expect(await countAll(pools.door as never, Object.keys(all))).toEqual(all);
});

test('a stream whose name holds no uuid hides itself and blinds nobody', async () => {
  const client = await passes.database.pool.connect();
  try {
    await client.query(`begin;
      insert into streams (stream, sequence, event_hash)
      select name, 0, decode(repeat('00', 32), 'hex')
      from unnest(array['session:x', 'session:${'-'.repeat(36)}', 'session:${'0'.repeat(36)}', 'policy:x']) as name;
      set local role plearoll_api; set local plearoll.role = 'super_admin'`);
    expect(await countOf(client as never, 'streams')).toBe(VISIBILITIES.length);
  } finally {
    await client.query('rollback');
    client.release();
  }
});

test('a database whose owner is no superuser keeps tenants apart too, and its record verifies', async () => {
  const database = await cloneDatabase();
  const owner = `plearoll_login_${randomUUID().slice(0, 8)}`;
  const name = `${owner}_db`;
  await database.pool.query(`create role ${owner} login password 'known'`);
  for (const role of ['api', 'door', 'worker', 'relay', 'verifier', 'queue', 'feeds']) {
    await database.pool.query(`grant plearoll_${role} to ${owner}`);
  }
  await database.pool.query(`create database ${name} owner ${owner} template template0`);
  const url = new URL(database.url);
  Object.assign(url, { username: owner, password: 'known', pathname: `/${name}` });
  try {
    await migrate(url.href);
    const open = openCourt(url.href);
    const session_id = await completedSession(open, await open.assignment());
    const api = openPool(url.href, 'api', 1, () => {});
    const seen = (actor: Actor) =>
      createReading(api, open.verifier).inScope(actor, session_id, async (db) => [
        await countOf(db, 'courtroom_sessions'),
        await countOf(db, 'events'),
      ]);
    expect(await seen(stranger('admin'))).toEqual([0, 0]);
    expect(await seen({ ...stranger('judge'), institution_id: open.institution_id })).toEqual([1, 12]);
    const report = await verifyRecord(open.verifier as never, catalog, { institution_id: null });
    expect(report).toMatchObject({ sessions_checked: 1, system_valid: true, guard_issues: [] });
    await api.end();
    await open.close();
  } finally {
    // Connections that were ended may be there for a moment.
    await vi.waitFor(() => database.pool.query(`drop database ${name}`), 20_000);
    await database.pool.query(`drop role ${owner}`);
    await database.drop();
  }
});
