/**
 * The list of an evening costs what its page costs, whatever years lie behind an institution and beside it: the statements
 * that the readers send, explained over one institution with half of all matches.
 */
import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Actor } from '../../src/core/definitions/actor.ts';
import { createReading } from '../../src/http/queries/scopedReads.ts';
import { openPool } from '../../src/infra/postgres/database.ts';
import { catalog } from '../../src/modules.ts';
import { queries } from '../../src/queries.ts';
import { cloneDatabase, type TestDatabase } from '../support/database.ts';
import { explaining, type Node, nodesOf, rowsRead, walksOf } from '../support/plans.ts';

/** A million seats on rosters. */
const MATCHES = 333_334;
/** Of the newest so many have no session yet, and of those before them so many a session that is not over. */
const [SCHEDULED, UNDER_WAY] = [600, 600];
const COURTROOMS = 40;
/** A page has 50 items, each with a roster of three. */
const MOST_ROWS = 2_500;
const BIG = ['assignments', 'rosters', 'courtroom_sessions', 'streams'];

const OWN = '00000000-0000-7000-9000-000000000000';
const ON_ROSTERS = '00000000-0000-7000-9000-00000000000a';
const idOf = (n: string) => `('00000000-0000-7000-8000-' || lpad(to_hex(${n}), 12, '0'))::uuid`;
const dayBefore = (days: number) => new Date(Date.parse('2027-03-01') - days * 86_400_000).toISOString().slice(0, 10);

let database: TestDatabase;
let pool: pg.Pool;

beforeAll(async () => {
  database = await cloneDatabase();
  // Checks of each row would take longer than all the rest, and have no part in any plan.
  await database.pool.query(`
    set session_replication_role = replica;
    insert into assignments (id, institution_id, title, courtroom, scheduled_at, visibility, format, created_at, cancelled_at, cancel_reason)
    select ${idOf('i')}, case when i % 2 = 0 then '${OWN}'::uuid else ${idOf('i / 500')} end, 'Title',
      'Courtroom ' || i % ${COURTROOMS}, timestamptz '2027-03-01Z' - (${MATCHES} - i) * interval '20 minutes',
      (array['institution', 'private', 'public'])[1 + i % 3], '"moot-20"', now(), c.at, case when c.at is not null then 'Snow.' end
    from generate_series(0, ${MATCHES - 1}) as i
    cross join lateral (select case when i % 1000 < 2 then now() end as at) c;
    insert into rosters (assignment_id, user_id, role, name, presiding, place)
    select ${idOf('i')}, case when role = 'judge' and i % 5000 = 4 then '${ON_ROSTERS}'::uuid else md5(i || role)::uuid end,
      role, 'Name', role = 'judge', 0
    from generate_series(0, ${MATCHES - 1}) as i, unnest(array['petitioner', 'respondent', 'judge']) as role;
    insert into courtroom_sessions (id, assignment_id, institution_id, title, courtroom, visibility, status, metadata, created_at,
      started_at, integrity_hash)
    select a.id, a.id, a.institution_id, a.title, a.courtroom, a.visibility,
      case when i < ${MATCHES - SCHEDULED - UNDER_WAY} then 'completed' else (array['pending', 'active', 'paused'])[1 + i / 6 % 3] end,
      '{}', now(), now(), case when i < ${MATCHES - SCHEDULED - UNDER_WAY} then repeat('0', 64) end
    from generate_series(0, ${MATCHES - SCHEDULED - 1}) as i join assignments a on a.id = ${idOf('i')};
    insert into streams select 'session:' || id, 1, sha256(''), now() from courtroom_sessions;
    set session_replication_role = origin`);
  await database.pool.query('analyze');
  pool = openPool(database.url, 'api', 1, () => {});
}, 300_000);

afterAll(async () => {
  await pool?.end();
  await database?.drop();
});

const people: [string, Actor][] = [
  ['an admin', { id: randomUUID(), role: 'admin', institution_id: OWN }],
  ['a clerk without rights of an admin', { id: ON_ROSTERS, role: 'moderator', institution_id: OWN }],
  ['counsel of nowhere', { id: ON_ROSTERS, role: 'participant', institution_id: randomUUID() }],
  ['a super_admin', { id: randomUUID(), role: 'super_admin', institution_id: null }],
];

const FILTERS: { [field: string]: string }[] = [
  {},
  { day: dayBefore(0) },
  { day: dayBefore(60) },
  { day: dayBefore(1), time_zone: 'America/New_York', courtroom: 'Courtroom 4' },
  { courtroom: 'Courtroom 4' },
  { courtroom: 'Nowhere' },
  { state: 'scheduled', day: dayBefore(0) },
  { state: 'pending' },
  { state: 'active' },
  { state: 'paused' },
  { state: 'completed' },
  { state: 'cancelled' },
  { state: 'active', courtroom: 'Courtroom 4' },
  { state: 'scheduled', courtroom: 'Courtroom 4', day: dayBefore(0) },
  { state: 'cancelled', courtroom: 'Courtroom 4', day: dayBefore(0) },
  { user_id: ON_ROSTERS },
  { user_id: ON_ROSTERS, state: 'scheduled' },
  { mine: 'true' },
  { mine: 'true', state: 'active' },
];
const ofSessions = ['pending', 'active', 'paused', 'completed'].map((status) => ({ status }));

const lists = queries.filter(({ name }) => name === 'assignment.list' || name === 'session.list');
const asked = lists.flatMap((list) =>
  [...FILTERS, ...(list.name === 'session.list' ? ofSessions : [])].map(
    (filter) =>
      [list.name, new URLSearchParams(filter as Record<string, string>).toString() || 'nothing', list, filter] as const,
  ),
);

describe.each(people)('for %s', (_, actor) => {
  test.each(asked)('%s by %s goes by keys', async (_name, _filter, list, filter) => {
    const plans: Node[] = [];
    const query = list.query.parse(filter);
    await createReading(pool, pool).inScope(actor, null, (db) =>
      list.read({ db: explaining(db, plans), actor, params: {}, query, catalog }),
    );
    const nodes = plans.flatMap(nodesOf);
    expect(walksOf(nodes).filter((table) => BIG.includes(table))).toEqual([]);
    expect(nodes.reduce((sum, node) => sum + rowsRead(node), 0)).toBeLessThan(MOST_ROWS);
  });
});
