/** The audit trail follows the inbox: nothing twice, nothing lost that is committed late, and nobody waits for what has no outcome. */
import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { followInbox, followOnce, NEW, WAITED_FOR } from '../../jobs/audit/followInbox.ts';
import { openWorkbench, type Workbench } from '../support/jobTools.ts';
import { INSTITUTION } from '../support/matchFixture.ts';
import { nodesOf, planOf, rowsRead, walksOf } from '../support/plans.ts';
import { isLeftOut } from '../support/stack.ts';

const ACCEPT = `
  insert into commands (id, name, stream, streams, input, actor_id, actor_role, institution_id, reply_to, request_id)
  select gen_random_uuid(), $2, s, array[s], '{}', gen_random_uuid(), 'admin', $3::uuid, 'r', 'q'
  from generate_series(1, $1::integer), concat('guard:', $3::uuid) as s returning position::integer`;
const SETTLE = `update commands set status = 'applied', outcome = '{}', finished_at = now() where position = any($1)`;

describe.skipIf(isLeftOut)('the follower of the inbox', () => {
  let bench: Workbench;
  let pool: pg.Pool;

  beforeAll(async () => {
    bench = await openWorkbench({ movesClock: false });
    ({ pool } = bench.database);
  });
  afterAll(() => bench.close());
  beforeEach(async () => {
    await pool.query(`delete from commands; update audit_mark set waiting = '{}'`);
  });

  const tools = () => ({ ...bench.tools, installation: INSTITUTION });
  const follow = () => followOnce(tools());
  const settle = (positions: number[]) => pool.query(SETTLE, [positions]);
  async function accept(count: number, name = 'guard.unban', on: Pick<pg.Client, 'query'> = pool): Promise<number[]> {
    return (await on.query(ACCEPT, [count, name, INSTITUTION])).rows.map(({ position }) => position);
  }
  const entries = async (): Promise<number> => {
    const text = `select coalesce(sum(json_array_length(input -> 'entries')), 0)::integer as n from commands where name = 'audit.record'`;
    return (await pool.query(text)).rows[0].n;
  };
  const mark = async () => (await pool.query('select position::integer, waiting::integer[] from audit_mark')).rows[0];

  test('sends each once, however often it looks, and what happens in court never', async () => {
    const positions = await accept(3);
    await settle([...positions, ...(await accept(2, 'turn.start')), ...(await accept(1, 'guard.bans'))]);
    expect(await follow()).toBe(4);
    expect(await follow()).toBe(0);
    expect(await entries()).toBe(3);
  });

  test('keeps in mind what has no outcome yet, and goes on behind it', async () => {
    const [first, second] = (await accept(2)) as [number, number];
    await settle([second]);
    await follow();
    expect(await entries()).toBe(1);
    expect(await mark()).toEqual({ position: second, waiting: [first] });
    await settle([first]);
    await follow();
    expect(await entries()).toBe(2);
    expect(await mark()).toEqual({ position: second, waiting: [] });
  });

  test('passes nothing that somebody has drawn a number for and may yet commit', async () => {
    const late = await pool.connect();
    onTestFinished(() => late.release(true));
    await late.query('begin');
    const drawn = await accept(1, 'guard.unban', late);
    const before = await mark();
    await settle(await accept(1));
    await follow();
    expect(await mark()).toEqual(before);
    expect(await entries()).toBe(0);
    await late.query('commit');
    await settle(drawn);
    await follow();
    expect(await entries()).toBe(2);
  });

  test('is one worker at a time, and the others do not wait', async () => {
    await settle(await accept(1));
    const other = await pool.connect();
    onTestFinished(() => other.release(true));
    await other.query('begin');
    await other.query('select from audit_mark for update');
    expect(await follow()).toBe(0);
    await other.query('rollback');
    await Promise.all([follow(), follow(), follow()]);
    expect(await entries()).toBe(1);
  });

  test('reads no more than five hundred in a pass, by an index, however far it is behind', async () => {
    await settle(await accept(1_200));
    await settle(await accept(20_000, 'turn.start'));
    await pool.query('analyze commands');
    expect(await follow()).toBe(500);
    await followInbox(tools()).poll();
    expect(await entries()).toBe(1_200);
    const { position } = await mark();
    for (const [text, values] of [
      [NEW, [position - 100, 2 ** 40]],
      [WAITED_FOR, [[position - 1, position]]],
      [`select ${followInbox(tools()).waits}`, []],
    ] as const) {
      const nodes = nodesOf(await planOf(bench.tools.pool as never, { text, values: [...values] }));
      expect(walksOf(nodes)).not.toContain('commands');
      expect(nodes.map(rowsRead).reduce((a, b) => a + b)).toBeLessThan(1_500);
    }
  });

  test('keeps no more in mind than a pass has, and waits there', async () => {
    const positions = await accept(600);
    await follow();
    expect((await mark()).waiting).toHaveLength(500);
    await settle(positions);
    await followInbox(tools()).poll();
    await follow();
    expect(await entries()).toBe(600);
  });
});
