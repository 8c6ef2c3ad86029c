/** What threats are found from, and whether they are there already, goes by keys: the statements that jobs send, among others' rows. */
import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openPool } from '../../src/infra/postgres/database.ts';
import { readRefusedPeople } from '../../src/threats/readAttempts.ts';
import { cloneDatabase, type TestDatabase } from '../support/database.ts';
import { explaining, type Node, nodesOf, rowsRead } from '../support/plans.ts';

const PEOPLE = 200;
const HOURS = 100;
const [own, other] = [randomUUID(), randomUUID()];

let database: TestDatabase;
let worker: pg.Pool;

beforeAll(async () => {
  database = await cloneDatabase();
  worker = openPool(database.url, 'worker', 1, () => {});
  await database.pool.query(`
    insert into threat_activity
    select i, ('00000000-0000-4000-8000-' || lpad(p::text, 12, '0'))::uuid, date_trunc('hour', now()) - h * interval '1 hour', 'turn', 1
    from unnest(array['${own}', '${other}']::uuid[]) i, generate_series(1, ${PEOPLE}) p, generate_series(1, ${HOURS}) h;
    insert into audit_entries (id, owner, event_sequence, type, user_id, role, action, outcome, code, count, happened_at, recorded_at)
    select gen_random_uuid(), '${own}', 1, 'access_deny', '00000000-0000-4000-8000-' || lpad(p::text, 12, '0'), 'judge', 'GET /n',
      'refused', 'forbidden', 1, now() - n * interval '1 minute', now() - n * interval '1 minute'
    from generate_series(1, ${PEOPLE}) p, generate_series(1, 3) n;
    analyze`);
});
afterAll(async () => {
  await worker.end();
  await database.drop();
});

const readOf = (plans: readonly Node[], table: string) =>
  plans
    .flatMap(nodesOf)
    .filter((node) => node['Relation Name'] === table)
    .reduce((sum, node) => sum + rowsRead(node), 0);

test('what people sent since they were refused is read of them alone', async () => {
  const plans: Node[] = [];
  expect(await readRefusedPeople(explaining(worker as never, plans), own)).toHaveLength(PEOPLE);
  expect(readOf(plans, 'threat_activity')).toBeLessThanOrEqual(PEOPLE * HOURS);
});
