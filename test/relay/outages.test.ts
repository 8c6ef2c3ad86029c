/** What a room does while announcements go astray, Redis or Postgres are away: it reads, it waits, and never leads over a hole. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { chain, createWorld, type World } from './simulation.ts';

const FUTURE = chain(100);
const LEVEL_MS = 4_000;

let world: World;

beforeEach(() => {
  vi.useFakeTimers();
  world = createWorld({ future: FUTURE, committed: 20, random: () => 0.5, maxReplay: 0, withHeadCheck: true });
});
afterEach(() => {
  world.end();
  vi.useRealTimers();
});

async function join() {
  const client = world.join(20);
  await vi.advanceTimersByTimeAsync(LEVEL_MS);
  return client;
}

const announce = (...sequences: number[]) =>
  world.announce(JSON.stringify(sequences.map((sequence) => FUTURE[sequence - 1])), 0);

test('with a hole open and Postgres away it waits, tells nothing beyond the hole, and goes on when Postgres is back', async () => {
  const client = await join();
  world.loseDatabase(5_000);
  world.append(1, 'lost');
  world.append(3, 'lost');
  announce(22, 23, 24);
  await vi.advanceTimersByTimeAsync(4_900);
  expect(client.place()).toBe(20);
  expect(client.closedWith).toEqual([]);
  await vi.advanceTimersByTimeAsync(2_500);
  expect(client.place()).toBe(24);
  expect(client.faults).toEqual([]);
});

test('announcements in any order, and more than once, are told once and in theirs', async () => {
  const client = await join();
  world.append(6, 'lost');
  for (const sequence of [24, 22, 22, 26, 21, 23, 24, 25, 21]) announce(sequence);
  await vi.advanceTimersByTimeAsync(10);
  expect(client.place()).toBe(26);
  expect(client.faults).toEqual([]);
});

test('a lost last announcement is late by little more than a second', async () => {
  const client = await join();
  world.append(1, 'lost');
  await vi.advanceTimersByTimeAsync(1_300);
  expect(client.place()).toBe(21);
});

test('without Redis it asks for the head every half second, and hears again when Redis is back', async () => {
  const client = await join();
  world.loseBroadcast(20_000);
  await vi.advanceTimersByTimeAsync(1_200);
  const before = world.reads();
  await vi.advanceTimersByTimeAsync(5_000);
  expect(world.reads() - before).toBeGreaterThanOrEqual(9);
  expect(world.reads() - before).toBeLessThanOrEqual(11);
  world.append(1, 'lost');
  await vi.advanceTimersByTimeAsync(800);
  expect(client.place()).toBe(21);
  await vi.advanceTimersByTimeAsync(20_000);
  world.append(1);
  await vi.advanceTimersByTimeAsync(10);
  expect(client.place()).toBe(22);
});
