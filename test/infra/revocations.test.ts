/** Who listens is told of everything that is new, by whichever reading it came. */
import { randomUUID } from 'node:crypto';
import { expect, onTestFinished, test, vi } from 'vitest';
import { createInProcessBroadcast } from '../../src/infra/broadcast/inProcess.ts';
import { openPool } from '../../src/infra/postgres/database.ts';
import { startRevocations } from '../../src/infra/revocations.ts';
import { cloneDatabase } from '../support/database.ts';

const silent = { debug: () => {}, warn: () => {} } as never;

test('a suspension that a token brings to light is told', async () => {
  const database = await cloneDatabase();
  const door = openPool(database.url, 'door', 1, () => {});
  const told = vi.fn();
  const revocations = startRevocations({ db: door as never, broadcast: createInProcessBroadcast(), log: silent });
  onTestFinished(async () => {
    revocations.close();
    await door.end();
    await database.drop();
  });
  revocations.onRevoked(told);
  const login = randomUUID();
  // Older than what is read each second: the look-up alone finds it.
  await database.pool.query(
    `insert into revocations (id, claim, value, revoked_at, revoked_by, kept_until)
     values (gen_random_uuid(), 'suspended', $1, now() - interval '5 minutes', 'system', now() + interval '1 hour')`,
    [login],
  );
  const origin = { names: [['login', login] as const], institution_id: null, role: 'judge', issued_at: null };
  expect(await revocations.isRevoked(origin)).toBe(false);
  expect(revocations.isSuspended(origin)).toBe(true);
  expect(told).toHaveBeenCalledTimes(1);
  await revocations.isRevoked(origin);
  expect(told).toHaveBeenCalledTimes(1);
});
