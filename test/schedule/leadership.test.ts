/** Who leads: one, the one with the newest term, and never one whose clock is wrong. And what it fires: each tick once. */

import { expect, test } from 'vitest';
import { nextSlot } from '../../jobs/ticks/cronSlots.ts';
import { createFiring, publishTimetable } from '../../jobs/ticks/fireTicks.ts';
import { releaseLease, renewLease, takeLease } from '../../jobs/ticks/lease.ts';
import { NotLeading } from '../../jobs/ticks/tickLedger.ts';
import { createLog } from '../../src/infra/telemetry/log.ts';
import { createMetrics } from '../../src/infra/telemetry/metrics.ts';
import { timings } from '../../src/infra/timings.ts';
import { quickest } from '../support/quickest.ts';
import { jobOf, lineOf, openWorld, type World } from './schedulerHarness.ts';

const EVERY_SECOND = '* * * * * *';
const QUICKLY = { timeout: 20_000, interval: 20 };

/** @returns how long nobody led, in milliseconds, where the one who leads stops */
async function handOver(): Promise<number> {
  const world = await openWorld();
  const both = [world.start(), world.start()];
  const leading = () => both.filter((one) => one.leader());
  await expect.poll(() => leading().length, QUICKLY).toBe(1);
  const [first] = leading();
  const second = both.find((one) => one !== first)!;
  const before = first!.leader()!.term;
  const stopping = performance.now();
  await first!.close();
  await expect.poll(() => second.leader()?.term, QUICKLY).toBe(before + 1);
  return performance.now() - stopping;
}

test('of two schedulers one leads, and the other does from soon after the first has stopped (P0-2)', async () => {
  // Sooner than the lease, had it not been given back.
  const { lease_ms, renew_every_ms } = timings.leadership;
  const enough_ms = lease_ms - renew_every_ms;
  expect(await quickest(enough_ms, handOver)).toBeLessThan(enough_ms);
});

test('a lease that nobody renews is taken when it has run out, and not before', async () => {
  const world = await openWorld();
  const began = performance.now();
  await world.leaveLease('dead', 1_500);
  const scheduler = world.start();
  await expect.poll(() => scheduler.leader()?.term, QUICKLY).toBe(2);
  expect(performance.now() - began).toBeGreaterThan(1_400);
});

test('the lease grows no older while it is renewed, and a term that is over cannot be renewed or given back', async () => {
  const { worker } = await openWorld();
  const term = (await takeLease(worker as never, 'a', 0))!;
  expect(await takeLease(worker as never, 'b', 0)).toBeUndefined();
  expect(await renewLease(worker as never, { holder: 'a', term }, 12.4)).toBe(true);
  const { rows } = await worker.query(
    'select extract(epoch from expires_at - clock_timestamp()) * 1000 as left, clock_skew_ms from leases',
  );
  expect(Number(rows[0].left)).toBeGreaterThan(timings.leadership.lease_ms - 3_000);
  expect(rows[0].clock_skew_ms).toBe(12);
  await worker.query(`update leases set expires_at = clock_timestamp() - interval '1 second'`);
  expect(await renewLease(worker as never, { holder: 'a', term }, 0)).toBe(false);
  expect(await takeLease(worker as never, 'b', 0)).toBe(term + 1);
  await releaseLease(worker as never, { holder: 'a', term });
  expect(await renewLease(worker as never, { holder: 'b', term: term + 1 }, 0)).toBe(true);
});

test('a clock that is off by more than a second does not lead, says so, and leads when it is right again', async () => {
  const world = await openWorld();
  let off_ms = 1_500;
  const scheduler = world.start({ wallClock: () => Date.now() + off_ms });
  const skew = async () => (await scheduler.backbone.metrics.clockSkew.get()).values[0]!.value;
  await expect.poll(skew, QUICKLY).toBeGreaterThan(1.4);
  expect(scheduler.leader()).toBeUndefined();
  expect((await world.worker.query('select from leases')).rowCount).toBe(0);
  off_ms = -200;
  await expect.poll(() => scheduler.leader()?.term, QUICKLY).toBe(1);
  // What is asked over the network takes its time, on a busy machine more.
  expect(await skew()).toBeCloseTo(-0.2, 0);
  const standby = world.start();
  off_ms = -3_600_000;
  await expect.poll(() => standby.leader()?.term, QUICKLY).toBe(2);
  expect(scheduler.leader()).toBeUndefined();
});

/** Somebody who believes to lead in that term. Doorbells go nowhere. */
function believer({ worker }: World, holder: string, term: number) {
  const queues = { queue: () => ({ add: async () => {} }) } as never;
  const log = createLog('silent', 'test');
  return createFiring({ db: worker as never, queues, metrics: createMetrics(), log, leader: () => ({ holder, term }) });
}

test('two who both believe that they lead fire each tick once, and who does not lead fires none', async () => {
  const world = await openWorld();
  const term = (await takeLease(world.worker as never, 'a', 0))!;
  const line = lineOf(jobOf('test.twice'));
  const slot = nextSlot(line.cron, Date.now() - 120_000);
  const fired = await Promise.all(Array.from({ length: 20 }, () => believer(world, 'a', term).fire(line, slot)));
  expect(fired.filter((result) => result === 'fired')).toHaveLength(1);
  await expect(believer(world, 'b', term).fire(line, slot)).rejects.toThrow(NotLeading);
  await expect(believer(world, 'a', term + 1).fire(line, slot)).rejects.toThrow(NotLeading);
  await world.worker.query('update leases set expires_at = clock_timestamp()');
  await expect(believer(world, 'a', term).fire(line, slot + 60_000)).rejects.toThrow(NotLeading);
  expect(await world.ticks()).toMatchObject([{ name: 'test.twice', slot: new Date(slot).toISOString(), term }]);
});

test('a clock that jumps ahead fires nothing that is not due', async () => {
  const world = await openWorld();
  const term = (await takeLease(world.worker as never, 'a', 0))!;
  const line = lineOf(jobOf('test.early'));
  const ahead = nextSlot(line.cron, Date.now() + 3_600_000);
  await expect(believer(world, 'a', term).fire(line, ahead)).rejects.toThrow(NotLeading);
  expect(await world.ticks()).toEqual([]);
});

test('a leader fires every slot once, in time, through changes of the lead and with two forced to lead at once', async () => {
  const world = await openWorld();
  const timetable = [lineOf(jobOf('test.often'), { cron: EVERY_SECOND, missed: { all: 60 } })];
  const first = world.start({ timetable });
  await expect.poll(async () => (await world.ticks()).length, QUICKLY).toBeGreaterThan(2);
  // The lease goes to another, and the first does not know yet.
  await world.worker.query(`update leases set expires_at = clock_timestamp() - interval '1 second'`);
  const second = world.start({ timetable });
  await expect.poll(() => second.leader()?.term, QUICKLY).toBe(2);
  await expect.poll(() => first.leader(), QUICKLY).toBeUndefined();
  await expect.poll(async () => (await world.ticks()).some(({ term }) => term === 2), QUICKLY).toBe(true);
  await second.close();
  await expect.poll(() => first.leader()?.term, QUICKLY).toBe(3);
  const seen = (await world.ticks()).length;
  await expect.poll(async () => (await world.ticks()).length, QUICKLY).toBeGreaterThan(seen + 1);
  await first.close();
  const ticks = await world.ticks();
  const seconds = ticks.map(({ slot }) => Date.parse(slot) / 1_000);
  expect(seconds).toEqual(seconds.map((_, i) => seconds[0]! + i));
  expect(new Set(ticks.map(({ term }) => term))).toEqual(new Set([1, 2, 3]));
});

test('a new leader makes good what was due while nobody led, as each line says', async () => {
  const world = await openWorld();
  // Due every ten minutes, and last five minutes ago: neither on time nor about to be due.
  const slot_ms = Math.floor(Date.now() / 60_000 - 5) * 60_000;
  const cron = `${(slot_ms / 60_000) % 10}-59/10 * * * *`;
  const timetable = [
    lineOf(jobOf('test.latest'), { cron }),
    lineOf(jobOf('test.skip'), { cron, missed: 'skip' }),
    lineOf(jobOf('test.all'), { cron, missed: { all: 2 } }),
    lineOf(jobOf('test.new'), { cron }),
  ];
  const last = new Date(slot_ms - 5 * 600_000).toISOString();
  for (const { job } of timetable.slice(0, 3)) await world.fireByHand(job.name, last);
  await publishTimetable(world.worker as never, timetable);
  const scheduler = world.start({ timetable });
  const newest = new Date(slot_ms).toISOString();
  await expect.poll(async () => (await world.ticks('test.all')).length, QUICKLY).toBe(3);
  expect((await world.ticks('test.latest')).slice(1)).toMatchObject([{ slot: newest, status: 'waiting', given_up: 4 }]);
  expect((await world.ticks('test.skip')).slice(1)).toMatchObject([{ slot: newest, status: 'skipped', given_up: 4 }]);
  expect((await world.ticks('test.all')).slice(1)).toMatchObject([
    { slot: new Date(slot_ms - 600_000).toISOString(), status: 'waiting', given_up: 3 },
    { slot: newest, status: 'waiting', given_up: 0 },
  ]);
  expect(await world.ticks('test.new')).toEqual([]);
  const missed = (await scheduler.backbone.metrics.ticksMissed.get()).values;
  expect(missed.map(({ labels, value }) => [labels.policy, value])).toEqual([
    ['latest', 5],
    ['skip', 5],
    ['all', 5],
  ]);
});

test('of a line that wants only the latest, one that nobody has begun gives way to the next', async () => {
  const world = await openWorld();
  const timetable = [lineOf(jobOf('test.often'), { cron: EVERY_SECOND })];
  world.start({ timetable });
  await expect.poll(async () => (await world.ticks()).length, QUICKLY).toBeGreaterThan(3);
  const ticks = await world.ticks();
  expect(ticks.filter(({ status }) => status === 'waiting')).toHaveLength(1);
  expect(ticks.slice(0, -1).every(({ status, error }) => status === 'skipped' && /superseded/.test(error!))).toBe(true);
});

test('what could not be fired because the database was away is fired when it is back', async () => {
  const world = await openWorld();
  const timetable = [lineOf(jobOf('test.often'), { cron: EVERY_SECOND, missed: { all: 60 } })];
  const scheduler = world.start({ timetable });
  await expect.poll(async () => (await world.ticks()).length, QUICKLY).toBeGreaterThan(1);
  const client = await world.database.pool.connect();
  // Nobody can write to the ledger for a while, and whoever tries is thrown out.
  await client.query('begin; lock table schedule_ticks in access exclusive mode');
  const waiting = `select pid from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`;
  for (let lost = 0; lost < 2; ) {
    const { rows } = await world.database.pool.query(`select pg_terminate_backend(pid) from (${waiting}) as w`);
    lost += rows.length;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await client.query('commit');
  client.release();
  const seen = (await world.ticks()).length;
  await expect.poll(async () => (await world.ticks()).length, QUICKLY).toBeGreaterThan(seen + 4);
  await scheduler.close();
  const seconds = (await world.ticks()).map(({ slot }) => Date.parse(slot) / 1_000);
  expect(seconds).toEqual(seconds.map((_, i) => seconds[0]! + i));
});
