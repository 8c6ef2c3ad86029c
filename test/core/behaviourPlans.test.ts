/**
 * What reckons with telemetry, and what erases it, goes by keys, however many batches there are: the statements that the jobs
 * and the route send, explained over a million of them.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkSessionRisk } from '../../jobs/behaviour/checkSessionRisk.ts';
import { cleanUpBehaviour } from '../../jobs/behaviour/cleanUpBehaviour.ts';
import { cleanUpModels } from '../../jobs/behaviour/cleanUpModels.ts';
import { eraseWithdrawn } from '../../jobs/behaviour/eraseWithdrawn.ts';
import { monitorSessions } from '../../jobs/behaviour/monitorSessions.ts';
import { trainAsked } from '../../jobs/behaviour/trainAsked.ts';
import { trainModels } from '../../jobs/behaviour/trainModels.ts';
import { updateBaseline } from '../../jobs/behaviour/updateBaseline.ts';
import type { TimedJob } from '../../jobs/job.ts';
import { erasePrivate } from '../../jobs/privacy/erasePrivate.ts';
import type { JsonObject } from '../../src/core/definitions/event.ts';
import { findLogin } from '../../src/http/behaviour/riskRoute.ts';
import { createReading } from '../../src/http/queries/scopedReads.ts';
import { openPool } from '../../src/infra/postgres/database.ts';
import { SECTIONS } from '../../src/privacy/sections.ts';
import { openWorkbench, type Workbench } from '../support/jobTools.ts';
import { byKeys, explaining, type Node, nodesOf } from '../support/plans.ts';
import { fillTelemetry, loginOf, whoIs } from '../support/telemetryRows.ts';

/** Of 200 login sessions the six batches of each that came last, and as many looks at what they are of. */
const MOST_ROWS = 6_000;
const BIG = ['telemetry_batches', 'telemetry_risks', 'telemetry_models', 'telemetry_consents'];
const ACTIVE = 200;

let bench: Workbench;

beforeAll(async () => {
  bench = await openWorkbench({ movesClock: false });
  await fillTelemetry(bench.database.pool);
}, 600_000);
afterAll(() => bench?.close());

const expectByKeys = byKeys({ big: BIG, most_rows: MOST_ROWS });

/** @param batches for which there is time */
async function run(job: TimedJob, input: JsonObject = {}, batches = Number.POSITIVE_INFINITY) {
  const plans: Node[] = [];
  const { pool } = bench.tools;
  const explained = Object.assign(explaining(pool as never, plans), { connect: () => pool.connect() });
  let left = batches;
  const told = await job.run({ ...bench.tools, pool: explained as never, input, isOver: () => left-- <= 0 });
  return { plans, told };
}

describe('with a million batches', () => {
  test('login sessions that sent something lately are judged by keys, and one that is asked for', async () => {
    await bench.database.pool.query(
      `update telemetry_batches set received_at = now() - interval '1 minute'
       where login_id in (select login_id from telemetry_batches order by id limit $1)`,
      [ACTIVE * 10],
    );
    const monitored = await run(monitorSessions);
    expect(monitored.told).toMatchObject({ assessed: ACTIVE, is_complete: true });
    expectByKeys(monitored.plans, 10);
    const checked = await run(checkSessionRisk, { login_id: loginOf(77_777) });
    expect(checked.told).toMatchObject({ level: 'unknown' });
    expectByKeys(checked.plans, 3);
  });

  test('who is due for a model is found by keys, and so is what it is made of', async () => {
    expectByKeys((await run(trainModels, {}, 0)).plans, 2);
    await bench.database.pool.query(
      `update telemetry_consents set train_asked_at = date_trunc('milliseconds', now()) where user_id = $1`,
      [whoIs(5_000).user_id],
    );
    const asked = await run(trainAsked);
    expect(asked.told).toMatchObject({ too_few: 1 });
    expectByKeys(asked.plans, 4);
    expectByKeys((await run(updateBaseline, { ...whoIs(6_000) })).plans, 3);
  });

  test('what was refused, and what is too old, goes by keys', async () => {
    const { institution_id, user_id } = whoIs(7_000);
    await bench.database.pool.query(
      'update telemetry_consents set own = false, withdrawn_at = now() where institution_id = $1 and user_id = $2',
      [institution_id, user_id],
    );
    const erased = await run(eraseWithdrawn);
    expect(erased.told).toMatchObject({ people: 1, batches: 100, models: 2, risks: 10 });
    expectByKeys(erased.plans, 6);
    const old = await run(cleanUpBehaviour, {}, 2);
    expect(old.told).toMatchObject({ removed: 1_000 });
    expectByKeys(old.plans, 2);
    expectByKeys((await run(cleanUpModels)).plans, 2);
  });

  test('what a person has forgotten, and is told before, goes by keys', async () => {
    const person = whoIs(8_000);
    const { institution_id, user_id } = person;
    const pool = openPool(bench.database.url, 'api', 1, () => {});
    const told: Node[] = [];
    try {
      await createReading(pool, pool).inScope({ id: user_id, role: 'judge', institution_id }, null, async (db) => {
        for (const { name, text, institutionOf } of SECTIONS.filter(({ name }) => BIG.includes(name))) {
          const values = [user_id, null, null, 100, ...(institutionOf ? [institution_id] : [])];
          expect((await explaining(db, told).query(text, values)).rowCount, name).toBeGreaterThan(0);
        }
      });
    } finally {
      await pool.end();
    }
    expectByKeys(told, BIG.length);
    await bench.database.pool.query(
      `insert into privacy_erasures (id, institution_id, user_id, asked_at) values (gen_random_uuid(), $1, $2, now())`,
      [institution_id, user_id],
    );
    const erased = await run(erasePrivate);
    expect(erased.told).toMatchObject({ people: 1, telemetry_models: 2, telemetry_risks: 10, is_complete: true });
    expect(erased.told.telemetry_batches).toBeGreaterThan(90);
    expectByKeys(erased.plans, 10);
    // What is removed is only planned: an index that is walked through to find a person looks like one that is not.
    const looks = erased.plans.flatMap(nodesOf).filter(({ 'Index Name': index }) => index?.includes('telemetry_'));
    expect(looks.length).toBeGreaterThanOrEqual(BIG.length);
    for (const look of looks) expect(look['Index Cond'], look['Index Name']).toContain('institution_id');
  });

  test('of a super_admin is forgotten in each institution that a token named, by keys', async () => {
    const { user_id } = whoIs(2);
    await bench.database.pool.query(
      'insert into privacy_erasures (id, user_id, asked_at) values (gen_random_uuid(), $1, now())',
      [user_id],
    );
    const erased = await run(erasePrivate);
    expect(erased.told).toMatchObject({ people: 1, telemetry_models: 2, telemetry_risks: 10, is_complete: true });
    expectByKeys(erased.plans, 10);
  });

  test('the risk of a login session is read by its key', async () => {
    const pool = openPool(bench.database.url, 'api', 1, () => {});
    const plans: Node[] = [];
    try {
      const admin = { id: whoIs(1).user_id, role: 'admin', institution_id: whoIs(1).institution_id } as const;
      await createReading(pool, pool).inScope(admin, null, async (db) => {
        expect(await findLogin(explaining(db, plans), loginOf(12))).toMatchObject({ risk: { level: 'unknown' } });
      });
    } finally {
      await pool.end();
    }
    expectByKeys(plans, 1);
  });
});
