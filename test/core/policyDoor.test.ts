/** What a request costs at the door where an institution has policies off, or has none at work: no statement, and no score. */
import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Actor } from '../../src/core/definitions/actor.ts';
import { openPolicyDoor, type PolicyDoor } from '../../src/http/policies/policyDoor.ts';
import { openPool } from '../../src/infra/postgres/database.ts';
import { createLog } from '../../src/infra/telemetry/log.ts';
import { UNKNOWN_CONTEXT } from '../../src/logins/context/context.ts';
import { cloneDatabase, type TestDatabase } from '../support/database.ts';

const [OFF, NONE, ONE] = [randomUUID(), randomUUID(), randomUUID()];
const RULES = [{ resource_type: 'turn.*', allowed_roles: ['judge'], min_confidence: 60, step_up: false }];
/** That is asked each second, whatever comes. */
const FOLLOWED = 'read-changed-policies';

let database: TestDatabase;
let pool: pg.Pool;
let door: PolicyDoor;
const asked: string[] = [];
let scores = 0;

beforeAll(async () => {
  database = await cloneDatabase();
  pool = openPool(database.url, 'door', 1, () => {});
  await database.pool.query(
    `insert into institution_settings (id, time_zone, telemetry, policies, auto_terminate, guard_tells, gallery_names, changed_at)
     select id, 'UTC', false, id <> $2, false, true, true, now() from unnest($1::uuid[]) as id`,
    [[OFF, NONE, ONE], OFF],
  );
  await database.pool.query(
    `insert into policies select gen_random_uuid(), $1, 'Rounds', $2, 1, 'observe', true, now(), now(), now()`,
    [ONE, JSON.stringify(RULES)],
  );
  const query = (statement: pg.QueryConfig & { name: string }) => {
    if (statement.name !== FOLLOWED) asked.push(statement.name);
    return pool.query(statement);
  };
  const broadcast = { subscribe: async () => async () => {}, publish: async () => {} };
  const ofRequest = async () => {
    scores += 1;
    return UNKNOWN_CONTEXT;
  };
  const contexts = { ofRequest, ofLogin: ofRequest };
  const backbone = { broadcast, log: createLog('silent', 'test') };
  const logins = { marksOf: () => ({ device: 'a', network: 'b', place: undefined }) };
  door = await openPolicyDoor(backbone as never, { query } as never, { contexts, logins });
});

afterAll(async () => {
  await door.close();
  await pool.end();
  await database.drop();
});

function judge(institution_id: string, role: Actor['role'] = 'judge', home = institution_id) {
  const actor: Actor = { id: randomUUID(), role, institution_id: home };
  return door.judge({ ...{ command: 'turn.start', actor, institution_id, session_id: null }, from: {} as never });
}

test('where policies are off nothing is asked, and nothing is counted', async () => {
  const before = asked.length;
  expect(await judge(OFF)).toBeUndefined();
  expect([asked.length - before, scores]).toEqual([0, 0]);
});

test('where none is at work nothing is asked either, and the confidence that is counted is neutral', async () => {
  const before = asked.length;
  expect(await judge(NONE)).toMatchObject({ asked: { confidence: 75 }, verdicts: [] });
  expect([asked.length - before, scores]).toEqual([0, 0]);
});

test('where one is at work, how well the request fits is asked, and Postgres is not for what passes', async () => {
  const before = asked.length;
  expect(await judge(ONE)).toMatchObject({ verdicts: [{ outcome: 'passed' }] });
  expect([asked.length - before, scores]).toEqual([0, 1]);
  expect(await judge(ONE, 'participant')).toMatchObject({ verdicts: [{ outcome: 'would_refuse', lacks: ['role'] }] });
});

test('an admin of another institution is none of those who must not be locked out', async () => {
  expect(await judge(ONE, 'admin')).toMatchObject({ is_foreign_admin: false });
  expect(await judge(ONE, 'admin', NONE)).toMatchObject({ is_foreign_admin: true });
  expect(await judge(ONE, 'judge', NONE)).toMatchObject({ is_foreign_admin: false });
});
