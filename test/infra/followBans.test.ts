/** Open bans as a process knows them: all of them before it answers anybody, and each change afterwards, however late it was committed. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { createInProcessBroadcast } from '../../src/infra/broadcast/inProcess.ts';
import { BANS, followBans, type KnownBan } from '../../src/infra/guard/followBans.ts';
import { openPool } from '../../src/infra/postgres/database.ts';
import { cloneDatabase, type TestDatabase } from '../support/database.ts';
import { explaining, type Node, nodesOf, walksOf } from '../support/plans.ts';

const WAIT = { timeout: 20_000 };
const silent = { debug: () => {}, warn: () => {} } as never;

let database: TestDatabase;
let door: ReturnType<typeof openPool>;

beforeAll(async () => {
  database = await cloneDatabase();
  door = openPool(database.url, 'door', 1, () => {});
});
afterAll(async () => {
  await door.end();
  await database.drop();
});

const BAN = `
  insert into guard_bans (id, owner, subject, value, rule, until, review, banned_at, banned_by, changed_at, lifted_at, reason)
  values ($1, $2, 'address', $3, 'rate', clock_timestamp() + $4::interval, false, clock_timestamp(), 'system',
    clock_timestamp() + $5::interval, case when $6 then clock_timestamp() end, null)`;

/** @param ends from now; null until it is lifted */
async function ban(value: string, ends: string | null, { changed = '0', isLifted = false } = {}): Promise<string> {
  const id = randomUUID();
  await database.pool.query(BAN, [id, randomUUID(), value, ends, changed, isLifted]);
  return id;
}

async function follow() {
  const broadcast = createInProcessBroadcast();
  const changes: KnownBan[] = [];
  const bans = await followBans({
    ...{ db: door as never, broadcast, log: silent },
    onChange: (changed) => void changes.push(...changed),
  });
  onTestFinished(bans.close);
  return { bans, changes, announce: () => broadcast.publish(BANS, '') };
}

test('those that last are known when the reading comes back, and none that ended or was lifted', async () => {
  const [timed, open] = [await ban('192.0.2.1', '1 hour'), await ban('192.0.2.2', null)];
  await ban('192.0.2.3', '-1 second');
  await ban('192.0.2.4', null, { isLifted: true });
  const { bans, changes } = await follow();
  expect(bans.of('address', '192.0.2.1')).toMatchObject([{ id: timed, left_ms: expect.any(Number) }]);
  expect(bans.of('address', '192.0.2.2')).toMatchObject([{ id: open, left_ms: null }]);
  for (const gone of ['192.0.2.3', '192.0.2.4']) expect(bans.of('address', gone)).toEqual([]);
  expect(bans.of('key', '192.0.2.1')).toEqual([]);
  // Whoever follows has them all, and is not told of them once more.
  expect(changes).toEqual([]);
});

test('what changed lately goes by its time, however many there were', async () => {
  const plans: Node[] = [];
  const broadcast = createInProcessBroadcast();
  const nobody = { broadcast, log: silent, onChange: () => {} };
  const bans = await followBans({ ...nobody, db: explaining(door as never, plans) });
  onTestFinished(bans.close);
  await broadcast.publish(BANS, '');
  await expect.poll(() => plans.length, WAIT).toBeGreaterThan(1);
  // Where a table can go by an index the door never walks through it.
  expect(plans.slice(1).flatMap((plan) => walksOf(nodesOf(plan)))).toEqual([]);
});

test('no door opens where they cannot be read', async () => {
  const db = { query: () => Promise.reject(new Error('no such table')) } as never;
  const following = followBans({ db, broadcast: createInProcessBroadcast(), onChange: () => {}, log: silent });
  await expect(following).rejects.toThrow('no such table');
});

test('one that was committed late is not passed over, and neither it nor its end is told of twice', async () => {
  const { bans, changes, announce } = await follow();
  const late = await ban('192.0.2.5', '1 hour', { changed: '-30 seconds' });
  await announce();
  await expect.poll(() => bans.of('address', '192.0.2.5'), WAIT).toMatchObject([{ id: late }]);
  const lifting = 'update guard_bans set lifted_at = clock_timestamp(), changed_at = clock_timestamp() where id = $1';
  await database.pool.query(lifting, [late]);
  await announce();
  await expect.poll(() => bans.of('address', '192.0.2.5'), WAIT).toEqual([]);
  const later = await ban('192.0.2.6', '1 hour');
  await expect.poll(() => bans.all().map(({ id }) => id), WAIT).toContain(later);
  expect(changes.map(({ id, left_ms }) => [id, left_ms === 0])).toEqual([
    [late, false],
    [late, true],
    [later, false],
  ]);
});
