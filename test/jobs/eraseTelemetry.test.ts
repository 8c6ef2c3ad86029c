/** Telemetry goes when it was refused, and after its time; of others nothing goes. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cleanUpBehaviour } from '../../jobs/behaviour/cleanUpBehaviour.ts';
import { eraseWithdrawn } from '../../jobs/behaviour/eraseWithdrawn.ts';
import { storeBatch } from '../../src/behaviour/batches/storeBatch.ts';
import { decideAsGuardian, decideOwn } from '../../src/behaviour/consent/consent.ts';
import { openPool } from '../../src/infra/postgres/database.ts';
import { openWorkbench, type Workbench } from '../support/jobTools.ts';
import { isLeftOut } from '../support/stack.ts';

describe.skipIf(isLeftOut)('telemetry', () => {
  let bench: Workbench;
  let door: ReturnType<typeof openPool>;

  beforeAll(async () => {
    bench = await openWorkbench();
    door = openPool(bench.database.url, 'door', 1, () => {});
  });
  afterAll(async () => {
    await door.end();
    await bench.close();
  });

  const somebody = () => ({ institution_id: randomUUID(), user_id: randomUUID() });
  type Whose = ReturnType<typeof somebody>;
  let sent = 0;
  const send = (whose: Whose) => {
    const clicks = [{ t: sent++, x: 1, y: 1 }];
    const nothing = { keystrokes: [], mouse_movements: [], scrolls: [], navigation: [] };
    const metadata = { started_at: new Date().toISOString() };
    return storeBatch(door as never, whose, randomUUID(), { ...nothing, clicks, metadata });
  };
  const decide = (whose: Whose, given: boolean) => decideOwn(door as never, whose, given);
  const countOf = async ({ user_id }: Whose) =>
    (await bench.database.pool.query('select from telemetry_batches where user_id = $1', [user_id])).rowCount;

  test('of somebody who refused it is erased, what came before the refusal alone, and nothing of others', async () => {
    const [refuser, other, undecided] = [somebody(), somebody(), somebody()];
    for (const whose of [refuser, other]) {
      await decide(whose, true);
      for (let i = 0; i < 3; i += 1) expect(await send(whose)).toEqual({ consented: true, stored: true });
    }
    expect(await send(undecided)).toEqual({ consented: false, stored: false });
    const refusal = await decide(refuser, false);
    expect(Date.parse(refusal.erased_by!) - Date.parse(refusal.decided_at)).toBeLessThanOrEqual(24 * 3_600_000);
    expect(await send(refuser)).toEqual({ consented: false, stored: false });
    // Agreed again, before what came before was erased.
    await decide(refuser, true);
    await send(refuser);
    expect(await eraseWithdrawn.run(bench.tools)).toEqual({
      people: 1,
      batches: 3,
      models: 0,
      risks: 0,
      is_complete: true,
    });
    expect([await countOf(refuser), await countOf(other)]).toEqual([1, 3]);
    expect(await eraseWithdrawn.run(bench.tools)).toEqual({
      people: 0,
      batches: 0,
      models: 0,
      risks: 0,
      is_complete: true,
    });
  });

  test('that a guardian refused is erased too, in portions, by the next run where there was no time', async () => {
    const pupil = somebody();
    await decide(pupil, true);
    for (let i = 0; i < 3; i += 1) await send(pupil);
    await decideAsGuardian(door as never, pupil, false, { name: 'Nadia Petrova', decided_by: randomUUID() });
    expect(await eraseWithdrawn.run(bench.within(0))).toEqual({
      people: 0,
      batches: 0,
      models: 0,
      risks: 0,
      is_complete: false,
    });
    expect(await countOf(pupil)).toBe(3);
    expect(await eraseWithdrawn.run(bench.tools)).toEqual({
      people: 1,
      batches: 3,
      models: 0,
      risks: 0,
      is_complete: true,
    });
    expect(await countOf(pupil)).toBe(0);
  });

  test('is removed after 90 days, and not before', async () => {
    const whose = somebody();
    await decide(whose, true);
    for (const days of [91, 89]) {
      await bench.hoursAgo(days * 24);
      await send(whose);
    }
    await bench.hoursAgo(0);
    expect(await cleanUpBehaviour.run(bench.tools)).toEqual({ removed: 1, is_complete: true });
    expect(await countOf(whose)).toBe(1);
    expect(await cleanUpBehaviour.run(bench.tools)).toEqual({ removed: 0, is_complete: true });
  });
});
