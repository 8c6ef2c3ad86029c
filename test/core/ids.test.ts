/** Identifiers: command ids sort by time and leave room for their events; anybody else's ids are known by their form. */
import { expect, test } from 'vitest';
import { eventId, isUuid, newCommandId } from '../../src/core/chain/ids.ts';
import { laneOf } from '../../src/core/definitions/stream.ts';

const ID = '018f3c1e-7b2a-7c11-9d0e-2f4b6a8c0000';

test('a command id is a UUIDv7 whose last 16 bits are free for its events', () => {
  const ids = Array.from({ length: 5_000 }, () => newCommandId());
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{8}0000$/);
  expect(new Set(ids).size).toBe(ids.length);
  expect(new Set(ids.map((id) => id[19]))).toEqual(new Set('89ab'));
});

test('its first 48 bits are the millisecond, so that ids sort by time', () => {
  const times = [0, 1, 2 ** 32, Date.UTC(2026, 10, 21), 2 ** 48 - 1];
  const ids = times.map((time) => newCommandId(time));
  expect(ids.map((id) => Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16))).toEqual(times);
  expect([...ids].sort()).toEqual(ids);
});

test('events count up from their command', () => {
  expect(eventId(ID, 1)).toBe('018f3c1e-7b2a-7c11-9d0e-2f4b6a8c0001');
  expect(eventId(ID, 256)).toBe('018f3c1e-7b2a-7c11-9d0e-2f4b6a8c0100');
  expect(eventId(ID, 0xffff)).toBe('018f3c1e-7b2a-7c11-9d0e-2f4b6a8cffff');
  for (const n of [0, -1, 0x10000]) expect(() => eventId(ID, n)).toThrow(RangeError);
});

test.each([2, 3, 4])('the streams of a thousand fresh ids spread over %i lanes, and each stays in its own', (lanes) => {
  const counts = Array.from({ length: lanes }, () => 0);
  for (let n = 0; n < 1_000; n += 1) {
    const stream = `session:${newCommandId(Date.UTC(2026, 10, 22) + n)}`;
    const lane = laneOf(stream, lanes);
    expect(laneOf(stream, lanes)).toBe(lane);
    counts[lane]! += 1;
  }
  // Eight standard deviations: chance alone does not come so far.
  const usual = 1_000 / lanes;
  for (const count of counts) expect(Math.abs(count - usual)).toBeLessThan(8 * Math.sqrt(usual));
});

test.each([ID, ID.toUpperCase(), '00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff'])(
  'any 8-4-4-4-12 hex is an id: %s',
  (id) => {
    expect(isUuid(id)).toBe(true);
  },
);

test.each(['', 'active', ID.slice(1), `${ID}0`, ` ${ID}`, `${ID}\n`, ID.replaceAll('-', ''), ID.replace('f', 'g')])(
  '%j is none',
  (text) => {
    expect(isUuid(text)).toBe(false);
  },
);
