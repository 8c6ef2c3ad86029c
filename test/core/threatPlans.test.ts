/** What threats are found from, and whether they are there already, goes by keys: the statements that jobs send, among others' rows. */
import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TAKE } from '../../jobs/threats/tellThreats.ts';
import { openPool } from '../../src/infra/postgres/database.ts';
import { readRefusedPeople } from '../../src/threats/readAttempts.ts';
import { STORE } from '../../src/threats/storeThreats.ts';
import { cloneDatabase, type TestDatabase } from '../support/database.ts';
import { explaining, type Node, planOf, rowsReadOf } from '../support/plans.ts';

const PEOPLE = 200;
const HOURS = 100;
const INSTITUTIONS = 100;
const PENDING = 200;
const WANTED = 200;
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
      'refused', 'forbidden', 1, now() - n * interval '1 minute' - interval '20 hours', now() - n * interval '1 minute' - interval '20 hours'
    from generate_series(1, ${PEOPLE}) p, generate_series(1, 3) n;
    insert into threat_predictions (id, institution_id, type, found_by, subject_kind, subject, confidence, evidence)
    select gen_random_uuid(), ('00000000-0000-4000-9000-' || lpad(i::text, 12, '0'))::uuid, 'suspicious_activity', 'features', 'user',
      p, 100, '{}'
    from generate_series(1, ${INSTITUTIONS}) i, generate_series(1, ${PENDING}) p;
    analyze`);
});
afterAll(async () => {
  await worker.end();
  await database.drop();
});

test('what people sent since they were refused is read of them alone', async () => {
  const plans: Node[] = [];
  expect(await readRefusedPeople(explaining(worker as never, plans), own)).toHaveLength(PEOPLE);
  expect(rowsReadOf(plans, 'threat_activity')).toBeLessThanOrEqual(PEOPLE * HOURS);
});

test('threats are compared with those of their own institution, which are counted once', async () => {
  const whose = { institution_id: '00000000-0000-4000-9000-000000000001', found_by: 'features', subject_kind: 'user' };
  const wanted = Array.from({ length: WANTED }, (_, n) => ({
    ...{ id: randomUUID(), ...whose, type: 'suspicious_activity', subject: `new ${n}`, confidence: 90, evidence: {} },
  }));
  await worker.query('begin');
  const plan = await planOf(worker as never, { text: STORE.text, values: [JSON.stringify(wanted)] });
  await worker.query('rollback');
  // To walk through all of them once or twice may be cheaper than by key; to do so for each wanted one never is.
  expect(rowsReadOf([plan], 'threat_predictions')).toBeLessThan(3 * INSTITUTIONS * PENDING);
});

test('what admins are still to be told of is found by whose it is', async () => {
  await worker.query('begin');
  const plan = await planOf(worker as never, TAKE);
  await worker.query('rollback');
  expect(rowsReadOf([plan], 'threat_predictions')).toBeLessThanOrEqual(PENDING + 1);
});
