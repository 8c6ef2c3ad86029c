/** A tick is a durable job: it is run until it succeeds or has spent its attempts, one of a name at a time, wherever. */

import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { MAX_ATTEMPTS } from '../../jobs/ticks/tickClaims.ts';
import { doorbellId, tickId } from '../../jobs/ticks/tickLedger.ts';
import { timings } from '../../src/infra/timings.ts';
import { admin, match } from '../support/matchFixture.ts';
import { jobOf, lineOf, openWorld, type World } from './schedulerHarness.ts';

const QUICKLY = { timeout: 25_000, interval: 20 };
const SLOTS = ['00', '01', '02'].map((minute) => `2026-03-01T10:${minute}:00.000Z`);

const states = async ({ ticks }: World) => (await ticks()).map(({ status, attempts }) => `${status} ${attempts}`);

/** As if the time had come, or the run had said nothing for long. */
const makeDue = ({ worker }: World) =>
  worker.query(`update schedule_ticks set due_at = clock_timestamp() - interval '5 seconds' where finished_at is null`);

/** A gate that a job waits at. */
function gate() {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, opened };
}

test('a tick whose doorbell was lost is found and run, and what it did is written down', async () => {
  const world = await openWorld();
  const job = jobOf('test.work', async ({ slot }) => ({ ran_for: slot }));
  await world.fireByHand(job.name, SLOTS[0]!);
  const runner = world.openRunner([lineOf(job)]);
  runner.start();
  await expect.poll(() => states(world), QUICKLY).toEqual(['succeeded 1']);
  const [tick] = await world.ticks();
  expect(tick).toMatchObject({ result: { ran_for: SLOTS[0] }, error: null, run: null });
  expect((await runner.backbone.metrics.jobRuns.get()).values).toMatchObject([
    { labels: { name: job.name, outcome: 'succeeded' }, value: 1 },
  ]);
});

test('several workers that are told of a tick, and told again, run it once', async () => {
  const world = await openWorld();
  let runs = 0;
  const job = jobOf('test.work', async () => ({ run: ++runs }));
  await world.fireByHand(job.name, SLOTS[0]!);
  const runners = [1, 2, 3].map(() => world.openRunner([lineOf(job)]));
  const doorbell = { data: { name: job.name, slot: SLOTS[0] }, updateProgress: async () => {} } as never;
  const answers = await Promise.all([...runners, ...runners].map((runner) => runner.answer(doorbell)));
  expect(answers.filter(({ status }) => status === 'succeeded')).toHaveLength(1);
  expect(runs).toBe(1);
  expect(await runners[0]!.answer(doorbell)).toMatchObject({ status: expect.stringContaining('nothing to do') });
});

test('ticks of one name run one after the other, in order, and those of another meanwhile', async () => {
  const world = await openWorld();
  const { open, opened } = gate();
  const ran: string[] = [];
  const slow = jobOf('test.slow', async ({ slot }) => {
    ran.push(slot);
    await opened;
    return {};
  });
  const quick = jobOf('test.quick');
  for (const slot of [...SLOTS].reverse()) await world.fireByHand(slow.name, slot);
  await world.fireByHand(quick.name, SLOTS[2]!);
  const timetable = [lineOf(slow), lineOf(quick)];
  for (const runner of [world.openRunner(timetable), world.openRunner(timetable)]) runner.start();
  await expect.poll(async () => (await world.ticks(quick.name))[0]!.status, QUICKLY).toBe('succeeded');
  await expect.poll(() => ran.length, QUICKLY).toBe(1);
  open();
  await expect.poll(() => states(world), QUICKLY).toEqual(Array(4).fill('succeeded 1'));
  expect(ran).toEqual(SLOTS);
});

test('a job that fails is tried again after a while, and a few times at most', async () => {
  const world = await openWorld();
  const job = jobOf('test.broken', async () => {
    throw new Error('it is broken');
  });
  await world.fireByHand(job.name, SLOTS[0]!);
  const runner = world.openRunner([lineOf(job)]);
  runner.start();
  for (const attempt of [1, 2]) {
    await expect.poll(() => states(world), QUICKLY).toEqual([`waiting ${attempt}`]);
    const { rows } = await world.worker.query('select due_at > clock_timestamp() as waits, error from schedule_ticks');
    expect(rows).toEqual([{ waits: true, error: 'it is broken' }]);
    await makeDue(world);
  }
  await expect.poll(() => states(world), QUICKLY).toEqual([`failed ${MAX_ATTEMPTS}`]);
  expect((await world.ticks())[0]).toMatchObject({ error: 'it is broken', result: null });
  expect((await runner.backbone.metrics.jobRuns.get()).values).toMatchObject([
    { labels: { outcome: 'retried' }, value: 2 },
    { labels: { outcome: 'failed' }, value: 1 },
  ]);
});

test('a run that says nothing any more is taken over, what it says later counts for nothing, and at last it is given up', async () => {
  const world = await openWorld();
  const { open, opened } = gate();
  let runs = 0;
  const job = jobOf('test.frozen', async () => {
    runs += 1;
    if (runs <= 2) await opened;
    return { run: runs };
  });
  await world.fireByHand(job.name, SLOTS[0]!);
  const timetable = [lineOf(job)];
  world.openRunner(timetable).start();
  await expect.poll(() => states(world), QUICKLY).toEqual(['running 1']);
  const { rows } = await world.worker.query(
    'select extract(epoch from due_at - clock_timestamp()) as held from schedule_ticks',
  );
  expect(Number(rows[0].held)).toBeGreaterThan(timings.claims.claim_ms / 1_000 - 5);
  world.openRunner(timetable).start();
  await makeDue(world);
  await expect.poll(() => states(world), QUICKLY).toEqual(['running 2']);
  await makeDue(world);
  await expect.poll(() => states(world), QUICKLY).toEqual(['succeeded 3']);
  open();
  await expect.poll(() => runs, QUICKLY).toBe(3);
  await world.fireByHand(job.name, SLOTS[1]!);
  await world.worker.query(
    `update schedule_ticks set status = 'running', attempts = $1, due_at = clock_timestamp() - interval '1 second' where slot = $2`,
    [MAX_ATTEMPTS, SLOTS[1]],
  );
  await expect.poll(() => states(world), QUICKLY).toEqual(['succeeded 3', `failed ${MAX_ATTEMPTS}`]);
  expect((await world.ticks())[0]).toMatchObject({ result: { run: 3 } });
  expect((await world.ticks())[1]!.error).toContain('the process that ran it ended');
});

test('a stop cuts a run off between two batches, and the next worker takes it up with its attempts whole', async () => {
  const world = await openWorld();
  const batches = gate();
  const job = jobOf('test.long', async ({ isOver, progress }) => {
    for (let n = 1; n <= 3 && !isOver(); n++) {
      await progress(n, 3);
      await batches.opened;
    }
    return {};
  });
  await world.fireByHand(job.name, SLOTS[0]!);
  const first = world.openRunner([lineOf(job)]);
  const shown: unknown[] = [];
  const data = { name: job.name, slot: SLOTS[0] };
  const answer = first.answer({
    data,
    updateProgress: async (progress: unknown) => void shown.push(progress),
  } as never);
  await expect.poll(() => shown, QUICKLY).toEqual([{ done: 1, of: 3 }]);
  const closing = first.close();
  batches.open();
  expect(await answer).toMatchObject({ status: 'waiting' });
  await closing;
  expect(await states(world)).toEqual(['waiting 0']);
  world.openRunner([lineOf(job)]).start();
  await expect.poll(() => states(world), QUICKLY).toEqual(['succeeded 1']);
});

test('a job is told when its time is over', async () => {
  const world = await openWorld();
  const job = jobOf(
    'test.endless',
    async ({ isOver, progress }) => {
      let batches = 0;
      while (!isOver()) await progress(++batches);
      return { batches };
    },
    50,
  );
  await world.fireByHand(job.name, SLOTS[0]!);
  world.openRunner([lineOf(job)]).start();
  await expect.poll(() => states(world), QUICKLY).toEqual(['succeeded 1']);
});

test('a run by hand stands in the ledger, is not tried again, and waits for nobody', async () => {
  const world = await openWorld();
  const { open, opened } = gate();
  const slow = jobOf('test.slow', async () => {
    await opened;
    return { done: true };
  });
  const broken = jobOf('test.broken', async () => {
    throw new Error('it is broken');
  });
  const runner = world.openRunner([lineOf(slow), lineOf(broken)]);
  const first = runner.runByHand(slow.name);
  await expect.poll(() => states(world), QUICKLY).toEqual(['running 1']);
  expect(await runner.runByHand(slow.name)).toBeUndefined();
  open();
  expect(await first).toEqual({ status: 'succeeded', result: { done: true } });
  expect(await runner.runByHand(broken.name)).toEqual({ status: 'failed', error: 'it is broken' });
  expect((await world.ticks()).map(({ term }) => term)).toEqual([null, null]);
});

test('what is asked for by hand is told to the job, and a tick that an older version fired is run by its name', async () => {
  const world = await openWorld();
  const job = { ...jobOf('test_task', async ({ input }) => ({ input })), formerly: 'test.task' };
  const runner = world.openRunner([lineOf(job)]);
  expect(await runner.runByHand(job.name, { user_id: 'u' })).toMatchObject({ result: { input: { user_id: 'u' } } });
  await world.fireByHand('test.task', SLOTS[0]!);
  const doorbell = { data: { name: 'test.task', slot: SLOTS[0] }, updateProgress: async () => {} } as never;
  expect(await runner.answer(doorbell)).toMatchObject({ status: 'succeeded', result: { input: {} } });
});

test('a worker finds the ticks of the queues that it serves, and leaves those of others alone', async () => {
  const world = await openWorld();
  const [tidy, reckon] = [jobOf('test.tidy'), jobOf('test.reckon')];
  const timetable = [lineOf(tidy), lineOf(reckon, { queue: 'ml' })];
  await world.fireByHand(tidy.name, SLOTS[0]!);
  await world.fireByHand(reckon.name, SLOTS[0]!);
  await world.worker.query(`update schedule_ticks set queue = 'ml' where name = $1`, [reckon.name]);
  await makeDue(world);
  world.openRunner(timetable, ['ml']).start();
  await expect.poll(() => world.ticks(reckon.name), QUICKLY).toMatchObject([{ status: 'succeeded' }]);
  expect(await world.ticks(tidy.name)).toMatchObject([{ status: 'waiting' }]);
  world.openRunner(timetable, ['maintenance']).start();
  await expect.poll(() => world.ticks(tidy.name), QUICKLY).toMatchObject([{ status: 'succeeded' }]);
});

test('a job changes things by commands of the system, and a second run sends nothing twice', async () => {
  const world = await openWorld();
  const job = jobOf('test.sending', async ({ send, slot }) => {
    const input = { ...match, institution_id: admin.institution_id } as never;
    await send({ name: 'assignment.create', input, key: `${slot} a` });
    await send({ name: 'assignment.create', input, key: `${slot} a` });
    await expect(send({ name: 'session.start', input: { session_id: randomUUID() }, key: 'b' })).rejects.toThrow(
      'no session',
    );
    return {};
  });
  await world.fireByHand(job.name, SLOTS[0]!);
  const runner = world.openRunner([lineOf(job)]);
  runner.start();
  await expect.poll(() => states(world), QUICKLY).toEqual(['succeeded 1']);
  const { rows } = await world.worker.query(
    'select name, actor_id, actor_role, request_id, idempotency_scope from commands',
  );
  const [tick] = await world.ticks();
  expect(rows).toEqual([
    {
      name: 'assignment.create',
      actor_id: 'system',
      actor_role: 'system',
      request_id: tick!.id,
      idempotency_scope: 'system',
    },
  ]);
  expect(await runner.backbone.queues.queue('commands').getJobCountByTypes('waiting')).toBe(1);
});

test('a tick’s ids are made from its name and slot', () => {
  const key = { name: 'prune.commands', slot: SLOTS[0]! };
  expect(tickId(key)).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(tickId({ ...key })).toBe(tickId(key));
  expect(new Set([tickId(key), tickId({ ...key, slot: SLOTS[1]! }), tickId({ ...key, name: 'x' })]).size).toBe(3);
  expect([doorbellId(key), doorbellId(key, 2)]).toEqual([
    'tick-prune.commands-1772359200000',
    'tick-prune.commands-1772359200000-r2',
  ]);
});
