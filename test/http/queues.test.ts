/** What operators see of the queues. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { timetable } from '../../jobs/schedule.ts';
import { QUEUE_NAMES } from '../../src/infra/queue/queueNames.ts';
import { cast, get, type Json, person } from '../support/client.ts';
import { isLeftOut, type Stack, startStack } from '../support/stack.ts';

const PATH = '/ops/queues';
const SOON = { timeout: 25_000, interval: 100 };

describe.skipIf(isLeftOut)('the queues', () => {
  let stack: Stack;
  const root = person('super_admin');

  beforeAll(async () => {
    stack = await startStack({}, undefined, timetable);
  });
  afterAll(() => stack.stop());

  const items = async (): Promise<Json[]> => (await get(stack.url, PATH, root)).body.items;
  const registeredOn = (name: string) => timetable.filter(({ queue }) => queue === name).length;
  const queueOf = async (name: string): Promise<Json> => (await items()).find((item) => item.name === name)!;

  test('are shown to super_admins, every one of them', async () => {
    expect((await items()).map(({ name }) => name)).toEqual([...QUEUE_NAMES]);
    expect((await get(stack.url, PATH, null)).status).toBe(401);
    for (const who of [cast().admin, cast().presiding]) expect((await get(stack.url, PATH, who)).status).toBe(403);
    for (const name of ['maintenance', 'policy']) {
      await expect.poll(async () => (await queueOf(name)).registered, SOON).toBe(registeredOn(name));
    }
  });

  test('say what waits where no worker serves them, for how long, and which ticks are to be run', async () => {
    await stack.stopWorkers();
    const queue = stack.backbones[0]!.queues.queue('policy');
    await queue.add('none', {}, { timestamp: Date.now() - 90_000 });
    await queue.add('none', {}, { timestamp: Date.now() - 30_000, priority: 1 });
    await queue.add('none', {}, { delay: 3_600_000 });
    await stack.pool.query(
      `insert into schedule_ticks (name, slot, id, queue, term, status)
       values ('test.work', clock_timestamp(), gen_random_uuid(), 'policy', 1, 'waiting')`,
    );
    const { oldest, ...counts } = await queueOf('policy');
    expect(counts).toEqual({
      ...{
        name: 'policy',
        waiting: 2,
        active: 0,
        delayed: 1,
        scheduled: 1,
        registered: registeredOn('policy'),
        failed: 0,
      },
    });
    expect(oldest).toBeGreaterThanOrEqual(90);
    expect(oldest).toBeLessThan(600);
    await stack.pool.query(`delete from schedule_ticks where name = 'test.work'`);
    await stack.startWorkers();
  });

  test('that no worker serves are named by health', async () => {
    expect((await get(stack.url, '/health', null)).body).toMatchObject({ unserved_queues: [] });
  });
});
