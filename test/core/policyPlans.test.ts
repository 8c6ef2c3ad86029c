/**
 * What is read and removed of policies' decisions goes by keys, over a month of a large institution beside many others: the
 * statements that doors, readers, commands and jobs send.
 */
import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TRACK } from '../../jobs/policies/trackOutcome.ts';
import { findWeighed, weighEach } from '../../jobs/policies/weighedPolicies.ts';
import { erasePrivate } from '../../jobs/privacy/erasePrivate.ts';
import { SWEEPS } from '../../jobs/upkeep/sweepExpired.ts';
import { CHANGED } from '../../src/http/policies/followPolicies.ts';
import { openPool } from '../../src/infra/postgres/database.ts';
import { readEffectiveness } from '../../src/policies/decisions/effectiveness.ts';
import { readReport } from '../../src/policies/decisions/report.ts';
import { simulate } from '../../src/policies/decisions/simulation.ts';
import { adminsSeen } from '../../src/policies/lockout.ts';
import { SECTIONS } from '../../src/privacy/sections.ts';
import { cloneDatabase, type TestDatabase } from '../support/database.ts';
import { explaining, type Node, nodesOf, rowsRead, walksOf } from '../support/plans.ts';

const INSTITUTIONS = 500;
const EACH = 200;
/** Of the one that is asked about, in thirty days; a quarter of them is of the last seven. */
const OWN = 3_000;
const POLICIES = 2_000;
/** Sessions of its that go on, and people for whom a policy was lifted in each session there ever was. */
const OPEN = 8;
const LIFTED = 10;

const uuidOf = (place: string, n: string) => `('00000000-0000-7000-${place}-' || lpad((${n})::text, 12, '0'))::uuid`;
const institution = '00000000-0000-7000-8000-000000000001';
const policy = { id: '00000000-0000-7000-8100-000000000001', version: 1 };
/** Another one of the institution. */
const enforcing = '00000000-0000-7000-8100-000000000500';

let database: TestDatabase;
let worker: pg.Pool;
let door: pg.Pool;

beforeAll(async () => {
  database = await cloneDatabase();
  [worker, door] = (['worker', 'door'] as const).map((role) => openPool(database.url, role, 1, () => {})) as [
    pg.Pool,
    pg.Pool,
  ];
  await database.pool.query(`
    insert into institution_settings (id, time_zone, telemetry, policies, auto_terminate, guard_tells, gallery_names, changed_at)
    select ${uuidOf('8000', 'i')}, 'UTC', false, true, false, true, true, now() - interval '90 days'
    from generate_series(1, ${INSTITUTIONS}) as i;
    insert into policies
    select ${uuidOf('8100', 'i')}, ${uuidOf('8000', `1 + i % ${INSTITUTIONS}`)}, 'Rounds', '[]', 1, 'observe', true, now(),
      now() - interval '90 days', now() - interval '90 days'
    from generate_series(1, ${POLICIES}) as i;
    update policies set institution_id = '${institution}' where id = '${policy.id}';
    update policies set mode = 'enforce', rules = '[{"resource_type":"turn.*"}]' where id = '${enforcing}';
    insert into streams select 'policy:' || id, 1, sha256(''), now() from policies;
    insert into policy_decisions
    select ${uuidOf('8000', 'i')}, date_trunc('hour', now()) - n * interval '4 hours', gen_random_uuid(), 'turn.start',
      (array['admin', 'judge'])[1 + n % 2], 75, false, 12, true, 1
    from generate_series(2, ${INSTITUTIONS}) as i, generate_series(0, ${EACH - 1}) as n
    union all
    select '${institution}', date_trunc('hour', now()) - (n % 700) * interval '1 hour', ${uuidOf('8200', 'n % 50')}, 'turn.' || n,
      (array['admin', 'judge'])[1 + n % 2], 75, false, 12, true, 1
    from generate_series(1, ${OWN}) as n;
    insert into policy_outcomes (policy_id, version, slot, user_id, command, outcome, lacks, institution_id, count)
    select ${uuidOf('8100', 'i')}, 1, date_trunc('hour', now()) - n * interval '4 hours', gen_random_uuid(), 'turn.start',
      'passed', '', ${uuidOf('8000', `1 + i % ${INSTITUTIONS}`)}, 1
    from generate_series(2, ${INSTITUTIONS}) as i, generate_series(0, ${EACH - 1}) as n
    union all
    select '${policy.id}', 1, date_trunc('hour', now()) - (n % 700) * interval '1 hour', ${uuidOf('8200', 'n % 50')},
      'turn.' || n, 'passed', '', '${institution}', 1
    from generate_series(1, ${OWN}) as n;
    insert into policy_overrides
    select ${uuidOf('8100', 'i')}, 2, ${uuidOf('8000', `1 + i % ${INSTITUTIONS}`)}, gen_random_uuid(), gen_random_uuid(),
      'A new network.', 'somebody', now() - interval '90 days'
    from generate_series(1, ${POLICIES}) as i;
    insert into logins
    select gen_random_uuid(), ${uuidOf('8200', 'i % 5000')}, ${uuidOf('8000', `1 + i % ${INSTITUTIONS}`)}, now(), now(), now()
    from generate_series(1, 20000) as i;
    insert into assignments
    select gen_random_uuid(), ${uuidOf('8000', '1 + i % 50')}, 'Title', 'Courtroom', now(), 'private', '"moot-20"', now()
    from generate_series(1, 20000) as i;
    insert into courtroom_sessions
    select gen_random_uuid(), id, institution_id, title, courtroom, visibility, 'completed', '{}', now(), now(),
      now() - interval '9 days', null, repeat('0', 64)
    from assignments;
    insert into assignments
    select gen_random_uuid(), ${uuidOf('8000', `1 + i % ${INSTITUTIONS}`)}, 'Title', 'Courtroom', now(), 'private', '"moot-20"', now()
    from generate_series(1, ${INSTITUTIONS * OPEN}) as i;
    insert into courtroom_sessions
    select gen_random_uuid(), id, institution_id, title, courtroom, visibility, 'active', '{}', now(), now(), null, null, null
    from assignments a where not exists (select from courtroom_sessions s where s.assignment_id = a.id);
    insert into policy_overrides
    select ${uuidOf('8100', '999999')}, row_number() over (), '${institution}', id, gen_random_uuid(), 'A new network.', 'somebody',
      now() - interval '90 days'
    from courtroom_sessions, generate_series(1, ${LIFTED}) where institution_id = '${institution}'`);
  await database.pool.query('analyze');
});

afterAll(async () => {
  await Promise.all([worker.end(), door.end()]);
  await database.drop();
});

/** What is sent while it is done, each statement explained. */
async function nodesFor(pool: pg.Pool, work: (db: never) => Promise<unknown>): Promise<Node[]> {
  const plans: Node[] = [];
  await work(explaining(pool as never, plans) as never);
  expect(plans.length).toBeGreaterThan(0);
  return plans.flatMap(nodesOf);
}

function expectByKeys(nodes: Node[], most: number): void {
  expect(walksOf(nodes).filter((table) => table !== '')).toEqual([]);
  expect(nodes.reduce((sum, node) => sum + rowsRead(node), 0)).toBeLessThan(most);
}

test('how often a policy was right, and its report, are read of seven days of that policy', async () => {
  expectByKeys(await nodesFor(worker, (db) => readEffectiveness(db, policy)), OWN * 0.7);
  expectByKeys(await nodesFor(worker, (db) => readReport(db, policy)), OWN * 0.7);
});

test('rules are tried on the decisions of their institution', async () => {
  const rules = [{ resource_type: 'turn.*', allowed_roles: ['judge' as const], min_confidence: 60, step_up: false }];
  expectByKeys(await nodesFor(worker, (db) => simulate(db, institution, rules)), OWN * 3);
});

test('which admins were here is read of those of the institution', async () => {
  let facts: Map<string, unknown> | undefined;
  const nodes = await nodesFor(worker, async (db) => {
    facts = await adminsSeen.load(db, [institution]);
  });
  expect(facts!.get(institution)).toMatchObject({
    ...{ time_zone: 'UTC', seen: [{ confidence: 75, hour: 12 }], enforced: [{ rules: [{ resource_type: 'turn.*' }] }] },
  });
  expectByKeys(nodes, OWN * 3);
});

test('doors find what has changed by when it changed', async () => {
  const nodes = await nodesFor(door, (db: pg.Pool) => db.query({ ...CHANGED, values: [60_000] }));
  expectByKeys(nodes, 100);
});

test('doors find what is lifted by the sessions that go on, among all that an institution ever lifted', async () => {
  await database.pool.query(`update policies set changed_at = now() where id = '${policy.id}'`);
  const rows: { id: string; overrides: unknown[] }[] = [];
  const nodes = await nodesFor(door, async (db: pg.Pool) => {
    rows.push(...(await db.query({ ...CHANGED, values: [60_000] })).rows);
  });
  await database.pool.query(`update policies set changed_at = now() - interval '90 days' where id = '${policy.id}'`);
  expect(rows).toMatchObject([{ id: institution }]);
  expect(rows[0]!.overrides).toHaveLength(OPEN * LIFTED);
  expectByKeys(nodes, 500);
});

test('jobs weigh a portion of policies after the other', async () => {
  const tools = { pool: undefined as never, cache: { put: async () => {} }, progress: async () => {} };
  const nodes = await nodesFor(worker, async (db) => {
    let portions = 0;
    const some = { ...tools, pool: db, isOver: () => portions++ > 0 } as never;
    await weighEach(some, async () => {});
    await findWeighed(some, policy.id);
  });
  expectByKeys(nodes, OWN);
});

test('what an operator says of a decision is found by the policy', async () => {
  const values = [policy.id, 1, randomUUID(), 'turn.start', true];
  expectByKeys(await nodesFor(worker, (db: pg.Pool) => db.query(TRACK, values)), OWN / 2);
});

test('what is old enough is removed by when it was', async () => {
  const removals = SWEEPS.filter(([table]) => table === 'policy_decisions' || table === 'policy_outcomes');
  expect(removals).toHaveLength(2);
  for (const [, text] of removals) {
    expectByKeys(await nodesFor(worker, (db: pg.Pool) => db.query(text, [1_000])), 2_100);
  }
});

test('what they said of a person is told, and forgotten, by the person', async () => {
  const names = ['policy_decisions', 'policy_outcomes'];
  const user_id = '00000000-0000-7000-8200-000000000001';
  const sections = SECTIONS.filter(({ name }) => names.includes(name));
  expect(sections).toHaveLength(2);
  for (const { text } of sections) {
    expectByKeys(await nodesFor(worker, (db: pg.Pool) => db.query(text, [user_id, null, null, 100])), 200);
  }
  await database.pool.query(
    'insert into privacy_erasures (id, institution_id, user_id, asked_at) values (gen_random_uuid(), $1, $2, now())',
    [institution, user_id],
  );
  const tools = { cache: { invalidateUser: async () => 0 }, progress: async () => {}, isOver: () => false };
  const nodes = await nodesFor(worker, async (pool) => {
    expect(await erasePrivate.run({ ...tools, pool } as never)).toMatchObject({ people: 1, policy_decisions: 60 });
  });
  expect(walksOf(nodes).filter((table) => names.includes(table))).toEqual([]);
});
