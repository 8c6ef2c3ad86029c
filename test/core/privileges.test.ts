/** What each role may do, table by table, as a connection of that role finds out. What is not named here is refused. */
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type DatabaseRole, openPool } from '../../src/infra/postgres/database.ts';
import { tables } from '../../src/tables.ts';
import { cloneDatabase, type TestDatabase } from '../support/database.ts';
import { doorColumns, RECORD, SHOWN, TABLES } from '../support/tables.ts';

type Verb = 'select' | 'insert' | 'update' | 'delete' | 'truncate';
type Rights = { [table: string]: string };

/** Written by the role of feeds alone, which writes nothing else. */
const MATCHES = ['matches', 'match_state', 'match_events', 'match_disputes'];
/** How far feeds are. */
const FEEDS = ['feed_states'];
/** What rounds were brought in by. */
const IMPORTS = ['feed_mappings', 'feed_people', 'feed_conflicts'];
/** Noted by the door; the relay has a function for it. */
const LOGINS = ['logins', 'login_places', 'login_locations'];
const CHECKS = ['session_checks', 'findings'];
const SCHEDULE = ['leases', 'schedules', 'schedule_ticks', 'health_reports'];
const CHAIN = [...RECORD, 'knex_migrations'];
const LOG = ['log_state', 'log_leaves', 'log_tiles', 'log_checkpoints', 'log_cosignatures', 'log_keys'];
const APPENDED = tables.filter((table) => table.append_only && !table.loses_texts).map(({ name }) => name);

const on = (names: string[], verbs: string): Rights => Object.fromEntries(names.map((name) => [name, verbs]));

/** Of policies; the door may raise their counts besides. */
const COUNTED = ['policy_decisions', 'policy_outcomes'];

/** Of threats; the door may say besides what one was, and counts bad signatures by a function. */
const THREATS = ['threat_activity', 'threat_predictions', 'threat_accuracies', 'threat_models'];

/** Everything that a role may do. */
const MAY: Record<Exclude<DatabaseRole, 'queue'>, Rights> = {
  api: on(
    [
      ...SHOWN,
      ...CHAIN,
      ...CHECKS,
      ...SCHEDULE,
      ...LOG,
      ...LOGINS,
      'login_ends',
      'step_ups',
      ...MATCHES,
      ...FEEDS,
      'commands',
      'integrity_runs',
      'feed_runs',
      'feed_people',
      'feed_conflicts',
      'match_results',
      'telemetry_consents',
      'notices',
      'notice_reads',
      'notice_preferences',
      'audit_archive',
      'telemetry_risks',
      'telemetry_models',
      'telemetry_batches',
      'follows',
      'privacy_erasures',
      'policy_decisions',
      'policy_outcomes',
      'threat_predictions',
      'threat_accuracies',
    ],
    'select',
  ),
  feeds: { ...on(MATCHES, 'select insert update delete'), feed_mappings: 'select' },
  door: {
    installation: 'select',
    ticket_secrets: 'select',
    inbox_mark: 'select',
    audit_refusals: 'select insert update',
    commands: 'select insert',
    integrity_runs: 'insert',
    feed_runs: 'insert',
    // And the column that says when a link was used.
    feed_invites: 'select',
    contact_details: 'insert',
    telemetry_batches: 'insert',
    // And updates of who decided what, not of when it was erased.
    telemetry_consents: 'insert',
    // By whom and what; of notices the columns that say whose they are.
    notice_reads: 'insert',
    ...on([...LOGINS, 'step_ups'], 'select insert update'),
    login_ends: 'select',
    ...on(COUNTED, 'select insert'),
    threat_bad_signatures: 'select insert',
    // Nobody is shown any of it.
    calendar_links: 'select',
    knex_migrations: 'select',
  },
  relay: on(
    [...TABLES, ...CHAIN, ...MATCHES, 'session_checks', 'installation', 'ticket_secrets', 'inbox_mark'],
    'select',
  ),
  verifier: on([...TABLES, ...CHAIN, ...CHECKS, ...LOG, 'log_held', 'log_evidence', 'lapsed_payloads'], 'select'),
  worker: {
    ...on([...TABLES, ...CHECKS], 'select insert update'),
    ...on(APPENDED, 'select insert'),
    revocations: 'select insert delete',
    gallery_visits: 'select insert delete',
    lapsed_payloads: 'select insert',
    ...on(MATCHES, 'select'),
    session_observations: 'select insert update delete',
    // And its secrets, not the column by which there is one row.
    ticket_secrets: 'select',
    contact_details: 'select delete',
    telemetry_consents: 'select update',
    telemetry_batches: 'select delete',
    ...on(LOGINS, 'select delete'),
    ...on(['login_ends', 'step_ups', 'privacy_erasures'], 'select insert update delete'),
    ...on(['telemetry_models', 'telemetry_risks'], 'select insert update delete'),
    presence_judged: 'select insert',
    integrity_runs: 'select insert update delete',
    ...on([...FEEDS, ...IMPORTS], 'select insert update delete'),
    feed_runs: 'select update delete',
    ...on(COUNTED, 'select delete'),
    threat_bad_signatures: 'select delete',
    threat_mark: 'select update',
    ...on(THREATS, 'select insert update delete'),
    ...on(['feed_invites', 'match_results'], 'select insert update delete'),
    ...on(['notices', 'notice_reads'], 'select insert delete'),
    ...on(['notice_preferences', 'follows'], 'select insert update delete'),
    knex_migrations: 'select',
    streams: 'select insert update',
    events: 'select insert',
    event_payloads: 'select insert delete',
    commands: 'select insert update delete',
    inbox_mark: 'select update',
    audit_mark: 'select update',
    audit_archive: 'select insert',
    audit_refusals: 'select update delete',
    stream_backoffs: 'select insert update delete',
    stream_states: 'select insert update delete',
    ...on(SCHEDULE, 'select insert update delete'),
    leases: 'select insert update',
    log_queue: 'select insert delete',
    log_state: 'select update',
    log_leaves: 'select insert delete',
    log_tiles: 'select insert update delete',
    log_held: 'select insert update delete',
    log_checkpoints: 'select insert',
    log_cosignatures: 'select insert',
    log_evidence: 'select insert',
    log_keys: 'select insert update',
    log_sinks: 'select insert update',
  },
};

let database: TestDatabase;
let columns: { table: string; column: string }[];

beforeAll(async () => {
  database = await cloneDatabase();
  const { rows } = await database.pool.query(
    `select distinct on (c.oid) c.relnamespace::regnamespace || '.' || c.relname as table, a.attname as column
     from pg_class c join pg_attribute a on a.attrelid = c.oid
     where c.relkind in ('r', 'p') and c.relnamespace in ('public'::regnamespace, 'bullmq'::regnamespace)
       and a.attnum > 0 and not a.attisdropped and a.attgenerated = '' and a.attidentity = ''
     order by c.oid, a.attnum`,
  );
  columns = rows;
});

afterAll(() => database.drop());

/** One statement for each verb, which changes nothing even where it is allowed: it is never committed. */
function statement(verb: Verb, table: string, column: string): string {
  if (verb === 'select') return `select * from ${table} limit 0`;
  if (verb === 'insert') return `insert into ${table} default values`;
  if (verb === 'update') return `update ${table} set ${column} = ${column === 'id' ? 'default' : 'null'} where false`;
  return verb === 'delete' ? `delete from ${table} where false` : `truncate ${table}`;
}

/** 42501 is what the database says to who may not; any other fault came after that check. */
async function may(client: pg.PoolClient, text: string): Promise<boolean> {
  await client.query('begin');
  try {
    await client.query(text);
    return true;
  } catch (fault) {
    return (fault as { code: string }).code !== '42501';
  } finally {
    await client.query('rollback');
  }
}

async function rightsOf(role: DatabaseRole): Promise<Rights> {
  const pool = openPool(database.url, role, 1, () => {});
  const client = await pool.connect();
  const rights: Rights = {};
  try {
    for (const { table, column } of columns) {
      const allowed: Verb[] = [];
      for (const verb of ['select', 'insert', 'update', 'delete', 'truncate'] as const) {
        if (await may(client, statement(verb, table, column))) allowed.push(verb);
      }
      if (allowed.length > 0) rights[table.replace('public.', '')] = allowed.join(' ');
    }
    return rights;
  } finally {
    client.release();
    await pool.end();
  }
}

test.each(Object.keys(MAY) as (keyof typeof MAY)[])('plearoll_%s may do this and nothing else', async (role) => {
  expect(await rightsOf(role)).toEqual(MAY[role]);
});

test('plearoll_queue owns the tables of the queue and sees nothing else', async () => {
  const rights = await rightsOf('queue');
  const own = columns.map(({ table }) => table).filter((table) => table.startsWith('bullmq.'));
  expect(own.length).toBeGreaterThan(3);
  expect(rights).toEqual(on(own, 'select insert update delete truncate'));
});

describe.each(['relay', 'verifier'] as const)('plearoll_%s', (role) => {
  test('counts commands, and reads nothing of what they ask or who sent them', async () => {
    const pool = openPool(database.url, role, 1, () => {});
    const client = await pool.connect();
    expect(await may(client, 'select status, accepted_at from commands')).toBe(true);
    expect(await may(client, 'select id, outcome from commands')).toBe(role === 'verifier');
    for (const column of ['input', 'actor_id', 'idempotency_key', 'request_id']) {
      expect(await may(client, `select ${column} from commands`)).toBe(false);
    }
    client.release();
    await pool.end();
  });
});

test('plearoll_door reads who may see what, and nothing of what there is to see', async () => {
  const pool = openPool(database.url, 'door', 1, () => {});
  const client = await pool.connect();
  const columnsOf = async (table: string) => {
    const { rows } = await database.pool.query<{ column: string }>(
      'select attname as column from pg_attribute where attrelid = $1::regclass and attnum > 0 and not attisdropped',
      [table],
    );
    const columns: string[] = [];
    for (const { column } of rows)
      if (await may(client, `select ${column} from ${table} limit 0`)) columns.push(column);
    return columns;
  };
  for (const table of tables)
    expect({ [table.name]: (await columnsOf(table.name)).sort() }).toEqual({ [table.name]: doorColumns(table).sort() });
  client.release();
  await pool.end();
});

test.each(['api', 'door', 'relay', 'worker', 'verifier', 'queue', 'feeds'] as const)(
  'plearoll_%s makes no tables in public',
  async (role) => {
    const pool = openPool(database.url, role, 1, () => {});
    await expect(pool.query('create table public.own (id int)')).rejects.toMatchObject({ code: '42501' });
    await pool.end();
  },
);

test('every connection of a pool has its role from the start', async () => {
  const pool = openPool(database.url, 'relay', 3, () => {});
  const who = await Promise.all(Array.from({ length: 3 }, () => pool.query('select current_user, pg_sleep(0.01)')));
  expect(who.map(({ rows }) => rows[0].current_user)).toEqual(Array(3).fill('plearoll_relay'));
  await pool.end();
});

test('a connection that cannot take its role is refused, never served as the login user', async () => {
  const name = database.url.split('/').at(-1);
  const url = new URL(database.url);
  url.username = `login_${name}`;
  url.password = 'known';
  await database.pool.query(`create role ${url.username} login password 'known'`);
  try {
    const outsider = openPool(url.href, 'worker', 1, () => {});
    await expect(outsider.query('select 1')).rejects.toThrow('plearoll_worker');
    await outsider.end();
  } finally {
    await database.pool.query(`drop role ${url.username}`);
  }
});
