/** The schedule as a whole system has it: a scheduler leads, workers run what is due, and operators can see it. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { timetable } from '../../jobs/schedule.ts';
import { doorbellId } from '../../jobs/ticks/tickLedger.ts';
import { cast, get, type Json, openSession, person } from '../support/client.ts';
import { isLeftOut, type Stack, startStack } from '../support/stack.ts';
import { expectIntact } from '../support/verdict.ts';

const PATH = '/ops/schedules';
const QUICKLY = { timeout: 25_000, interval: 50 };

describe.skipIf(isLeftOut)('the schedule', () => {
  let stack: Stack;
  const root = person('super_admin');

  beforeAll(async () => {
    stack = await startStack({}, undefined, timetable);
  });

  afterAll(() => stack.stop());

  const schedules = async (): Promise<Json> => (await get(stack.url, PATH, root)).body;
  const lineOf = async (name: string): Promise<Json> =>
    (await schedules()).items.find((item: Json) => item.name === name);

  /** As the leader fires it, with its doorbell rung or not. @returns the slot */
  async function fire(name: string, isRung: boolean): Promise<string> {
    const { queue } = timetable.find(({ job }) => job.name === name)!;
    const { rows } = await stack.pool.query(
      `insert into schedule_ticks (name, slot, id, queue, term, status)
       values ($1, date_trunc('second', clock_timestamp()), gen_random_uuid(), $2, 1, 'waiting') returning slot`,
      [name, queue],
    );
    const slot = (rows[0].slot as Date).toISOString();
    const key = { name, slot };
    if (isRung) await stack.backbones[0]!.queues.queue(queue).add(name, key, { jobId: doorbellId(key) });
    return slot;
  }

  test('is led by somebody soon after the start, and shows the timetable', async () => {
    await expect
      .poll(async () => (await schedules()).leader, QUICKLY)
      .toMatchObject({
        holder: expect.any(String),
        term: 1,
        leading_since: expect.stringMatching(/Z$/),
        clock_skew_ms: expect.any(Number),
      });
    await expect.poll(async () => (await schedules()).items.length, QUICKLY).toBe(timetable.length);
    const { items } = await schedules();
    expect(items.map(({ name, cron }: Json) => [name, cron])).toEqual(
      timetable.map(({ job, cron }) => [job.name, cron]).sort(),
    );
    for (const item of items) {
      expect(Date.parse(item.next_slot)).toBeGreaterThan(Date.now() - 30_000);
      expect(Object.keys(item)).toEqual(expect.arrayContaining(['last_slot', 'lateness_ms', 'last_outcome']));
    }
  });

  test('is for super_admins', async () => {
    const people = cast();
    for (const path of [PATH, '/ops/health-report']) {
      for (const who of [people.admin, people.presiding, people.petitioner]) {
        expect(await get(stack.url, path, who)).toMatchObject({ status: 403, body: { code: 'forbidden' } });
      }
      expect((await get(stack.url, path, null)).status).toBe(401);
      expect((await get(stack.url, `${path}?x=1`, root)).status).toBe(422);
    }
  });

  test('a tick that is rung for is run by a worker, through its queue, and its end can be seen', async () => {
    expect((await get(stack.url, '/ops/health-report', root)).status).toBe(404);
    const people = cast();
    const { session_id } = await openSession(stack.url, people);
    const slot = await fire('generate_system_health_report', true);
    await expect
      .poll(async () => (await lineOf('generate_system_health_report')).last_outcome, QUICKLY)
      .toBe('succeeded');
    expect(await lineOf('generate_system_health_report')).toMatchObject({
      last_slot: slot,
      lateness_ms: expect.any(Number),
      last_attempts: 1,
      last_error: null,
      last_result: { concerns: expect.any(Array) },
    });
    const job = await stack.backbones[0]!.queues.queue('default').getJob(
      doorbellId({ name: 'generate_system_health_report', slot }),
    );
    await expect.poll(async () => await job!.getState(), QUICKLY).toBe('completed');
    const { status, body } = await get(stack.url, '/ops/health-report', root);
    expect([status, body.slot, body.record.sessions]).toEqual([200, slot, { active: 1 }]);
    expect(body.commands.applied).toBeGreaterThanOrEqual(3);
    await expectIntact(stack.url, session_id, people.admin);
  });

  test('a tick whose doorbell was lost, with all its queue, is run all the same', async () => {
    await Promise.all(stack.backbones.map(({ queues }) => queues.queue('maintenance').drain()));
    const slot = await fire('sweep.expired', false);
    await expect
      .poll(async () => await lineOf('sweep.expired'), QUICKLY)
      .toMatchObject({
        last_slot: slot,
        last_outcome: 'succeeded',
        last_result: { ticks: 0, health_reports: 0 },
      });
  });
});
