/** What is known of login sessions ends a day after them. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cleanUpExpired } from '../../jobs/logins/cleanUpExpired.ts';
import { openWorkbench, type Workbench } from '../support/jobTools.ts';
import { isLeftOut } from '../support/stack.ts';

describe.skipIf(isLeftOut)('cleanup_expired_sessions', () => {
  let bench: Workbench;

  beforeAll(async () => {
    bench = await openWorkbench({ movesClock: false });
  });
  afterAll(() => bench?.close());

  async function store(ended_hours_ago: number, count = 1): Promise<string[]> {
    const ids = Array.from({ length: count }, () => randomUUID());
    const { pool } = bench.database;
    await pool.query(
      `insert into logins select id, gen_random_uuid(), null, now(), now(), now() - $2 * interval '1 hour'
       from unnest($1::uuid[]) as id`,
      [ids, ended_hours_ago],
    );
    await pool.query(
      `insert into login_places select id, kind, repeat('a', 32), now(), now()
       from unnest($1::uuid[]) as id, unnest('{device,network}'::text[]) as kind`,
      [ids],
    );
    await pool.query(`insert into login_locations select id, 525, 134, now(), now() from unnest($1::uuid[]) as id`, [
      ids,
    ]);
    return ids;
  }
  const left = async (ids: string[]) => {
    const { rows } = await bench.database.pool.query(
      `select (select count(*) from logins where id = any($1))::integer as logins,
         (select count(*) from login_places where login_id = any($1))::integer as places,
         (select count(*) from login_locations where login_id = any($1))::integer as locations`,
      [ids],
    );
    return rows[0];
  };

  test('removes those whose last token ended 24 hours ago, with their places, and no other', async () => {
    const [old, young, good] = [await store(24.1), await store(23.9), await store(-1)];
    expect(await cleanUpExpired.run(bench.tools)).toEqual({ removed: 1, ends: 0, step_ups: 0 });
    expect(await left(old)).toEqual({ logins: 0, places: 0, locations: 0 });
    expect(await left([...young, ...good])).toEqual({ logins: 2, places: 4, locations: 2 });
    expect(await cleanUpExpired.run(bench.tools)).toEqual({ removed: 0, ends: 0, step_ups: 0 });
  });

  test('removes step-ups a day after they were asked, answered or not', async () => {
    const { pool } = bench.database;
    await pool.query(
      `insert into step_ups (login_id, user_id, asked_at, asked_for, asked_by, confirmed_at, confirmed_in)
       select gen_random_uuid(), gen_random_uuid(), now() - hours * interval '1 hour', 'turn.start', 'policy',
         case when is_confirmed then now() end, case when is_confirmed then gen_random_uuid() end
       from unnest('{23.9,24.1}'::float8[]) as hours, unnest('{true,false}'::boolean[]) as is_confirmed`,
    );
    expect(await cleanUpExpired.run(bench.tools)).toEqual({ removed: 0, ends: 0, step_ups: 2 });
    const { rows } = await pool.query(`select from step_ups where asked_at > now() - interval '24 hours'`);
    expect(rows).toHaveLength(2);
  });

  test('removes ends of what was noted nowhere else, a day after them', async () => {
    const { pool } = bench.database;
    const [noted] = await store(-1);
    await pool.query(
      `insert into login_ends (login_id, user_id, asked_at, asked_by, reason, ended_at)
       select id, gen_random_uuid(), now() - interval '2 days', 'system', 'Why.', now() - hours * interval '1 hour'
       from (values ($1::uuid, 30.0), (gen_random_uuid(), 23.9), (gen_random_uuid(), 24.1), (gen_random_uuid(), null)) e (id, hours)`,
      [noted],
    );
    expect(await cleanUpExpired.run(bench.tools)).toEqual({ removed: 0, ends: 1, step_ups: 0 });
    const { rows } = await pool.query(`select from login_ends where ended_at < now() - interval '24 hours'`);
    expect(rows).toHaveLength(1);
  });

  test('works in batches, and may be cut off between them', async () => {
    const ids = await store(30, 1_500);
    expect(await cleanUpExpired.run(bench.within(1))).toEqual({ removed: 1_000, ends: 0, step_ups: 0 });
    expect(await cleanUpExpired.run(bench.tools)).toEqual({ removed: 500, ends: 0, step_ups: 0 });
    expect(await left(ids)).toEqual({ logins: 0, places: 0, locations: 0 });
  });
});
