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
    return ids;
  }
  const left = async (ids: string[]) => {
    const { rows } = await bench.database.pool.query(
      `select (select count(*) from logins where id = any($1))::integer as logins,
         (select count(*) from login_places where login_id = any($1))::integer as places`,
      [ids],
    );
    return rows[0];
  };

  test('removes those whose last token ended 24 hours ago, with their places, and no other', async () => {
    const [old, young, good] = [await store(24.1), await store(23.9), await store(-1)];
    expect(await cleanUpExpired.run(bench.tools)).toEqual({ removed: 1 });
    expect(await left(old)).toEqual({ logins: 0, places: 0 });
    expect(await left([...young, ...good])).toEqual({ logins: 2, places: 4 });
    expect(await cleanUpExpired.run(bench.tools)).toEqual({ removed: 0 });
  });

  test('works in batches, and may be cut off between them', async () => {
    const ids = await store(30, 1_500);
    expect(await cleanUpExpired.run(bench.within(1))).toEqual({ removed: 1_000 });
    expect(await cleanUpExpired.run(bench.tools)).toEqual({ removed: 500 });
    expect(await left(ids)).toEqual({ logins: 0, places: 0 });
  });
});
