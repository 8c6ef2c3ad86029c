/** When PRESENCE is told: the clock alone, with one listener of one room whose numbers are as the test says. */
import { randomUUID } from 'node:crypto';
import pino from 'pino';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import type { Prepared } from '../../src/relay/listeners/prepared.ts';
import { startPresenceMessages } from '../../src/relay/listeners/presenceMessages.ts';

const EVERY_MS = 2_000;

describe('a room with one listener', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  function openRoom(count: () => Promise<number>) {
    const told: { at: number; listeners: number }[] = [];
    const visit = {
      tell({ text }: Prepared) {
        told.push({ at: Date.now(), listeners: JSON.parse(text).listeners });
        return true;
      },
    };
    const room = { session_id: randomUUID(), head: () => ({ event_sequence: 1 }) };
    const guest = { admitted: room, visit, toldPresence: undefined };
    const stop = startPresenceMessages({
      db: { query: async () => ({ rows: [] }) } as never,
      turnout: { count: async () => [await count()] } as never,
      rooms: { occupied: () => [room] } as never,
      guests: { all: () => [guest] } as never,
      log: pino({ level: 'silent' }),
    });
    onTestFinished(stop);
    return told;
  }

  test('is told nothing while nothing changes', async () => {
    let listeners = 1;
    const told = openRoom(async () => listeners);
    await vi.advanceTimersByTimeAsync(5 * EVERY_MS);
    expect(told.map((one) => one.listeners)).toEqual([1]);
    listeners = 2;
    await vi.advanceTimersByTimeAsync(5 * EVERY_MS);
    expect(told.map((one) => one.listeners)).toEqual([1, 2]);
  });

  test('is told at most once in two seconds, however long it takes to count', async () => {
    let listeners = 0;
    const told = openRoom(async () => {
      listeners += 1;
      // Every second time an answer is as slow as Redis or Postgres may be.
      await new Promise((resolve) => setTimeout(resolve, listeners % 2 === 0 ? 0 : 1_500));
      return listeners;
    });
    await vi.advanceTimersByTimeAsync(10 * EVERY_MS);
    expect(told.length).toBeGreaterThan(4);
    for (const [i, { at }] of told.entries()) {
      if (i > 0) expect(at - told[i - 1]!.at).toBeGreaterThanOrEqual(EVERY_MS);
    }
  });

  test('and a crowd a few at a time, so that others are let in between', async () => {
    const room = { session_id: randomUUID(), head: () => ({ event_sequence: 1 }) };
    let told = 0;
    let toldWhenLetIn: number | undefined;
    const tell = () => {
      told += 1;
      if (told === 1) setImmediate(() => (toldWhenLetIn = told));
      return true;
    };
    const guests = Array.from({ length: 1_000 }, () => ({ admitted: room, visit: { tell }, toldPresence: undefined }));
    const stop = startPresenceMessages({
      db: { query: async () => ({ rows: [] }) } as never,
      turnout: { count: async () => [1_000] } as never,
      rooms: { occupied: () => [room] } as never,
      guests: { all: () => guests } as never,
      log: pino({ level: 'silent' }),
    });
    onTestFinished(stop);
    await vi.advanceTimersByTimeAsync(EVERY_MS + 1_000);
    expect(told).toBe(1_000);
    expect(toldWhenLetIn).toBeLessThanOrEqual(100);
  });
});
