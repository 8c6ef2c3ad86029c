/** Lines and instants out of what others write. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { line } from '../../../src/core/definitions/schemas.ts';
import { cleanLine, instantOf } from '../../../src/feeds/providers/clean.ts';
import { createFixture, fixture } from '../../../src/feeds/providers/fixture.ts';

describe('a line', () => {
  test('is what a payload may hold, whatever was written, or nothing', () => {
    // Units of UTF-16, among them those that are no character and those that nobody sees.
    const unit = fc.oneof(
      fc.integer({ min: 0, max: 0xffff }),
      fc.constantFrom(0, 0x0a, 0x2028, 0x202e, 0xd83d, 0xde00),
    );
    fc.assert(
      fc.property(fc.array(unit, { maxLength: 300 }), (units) => {
        const cleaned = cleanLine(String.fromCharCode(...units));
        return cleaned === null || line.safeParse(cleaned).success;
      }),
      { numRuns: 200 },
    );
  });

  test('has no signs that are not seen, and no more than 200 characters', () => {
    expect(cleanLine(' a\u202eb\r\n\u0000c ')).toBe('a b c');
    expect(cleanLine('x'.repeat(10_000_000))).toHaveLength(200);
    expect(cleanLine(`${'x'.repeat(199)}😀`)).toHaveLength(199);
    for (const nothing of ['', ' \n ', '\u202e', null, undefined, 7, {}]) expect(cleanLine(nothing)).toBeNull();
  });
});

describe('an instant', () => {
  test.each([
    ['2027-03-01T10:00:00Z', '2027-03-01T10:00:00.000Z'],
    ['2027-03-01 10:00+0530', '2027-03-01T04:30:00.000Z'],
    ['2027-03-01T10:00:00.123456-05:00', '2027-03-01T15:00:00.123Z'],
  ])('with a zone of its own is that one: %s', (text, expected) => {
    expect(instantOf(text, 'Asia/Tokyo')).toBe(expected);
  });

  test.each([
    ['2027-03-01T10:00', 'Asia/Tokyo', '2027-03-01T01:00:00.000Z'],
    ['2027-03-01T10:00', 'America/New_York', '2027-03-01T15:00:00.000Z'],
    ['2027-03-01T00:00', 'Pacific/Kiritimati', '2027-02-28T10:00:00.000Z'],
    ['2027-03-14T02:30', 'America/New_York', null],
    ['2027-11-07T01:30', 'America/New_York', null],
    ['2027-03-01T10:00', undefined, null],
    ['2027-03-01T10:00', 'Nowhere/Atlantis', null],
  ])('without one is meant in that of its site: %s in %s', (text, zone, expected) => {
    expect(instantOf(text, zone)).toBe(expected);
  });

  test.each([
    '2027-02-30T10:00Z',
    '2027-03-01',
    '10:00',
    '1999-12-31T10:00Z',
    '2101-01-02T00:00Z',
    '',
    null,
    1,
    '2027-13-01T10:00Z',
  ])('is none where it is %s', (text) => {
    expect(instantOf(text, 'UTC')).toBeNull();
  });
});

describe('the tournament that is made up', () => {
  const site = { mapping: { rounds: 3, rooms: 5, released: 2 } } as never;

  test('is the same whenever it is asked for, and no team or judge is in two rooms of a round', async () => {
    const { rounds } = await fixture.fetchSchedule(site);
    expect(await fixture.fetchSchedule(site)).toEqual({ rounds, unchanged: false });
    expect(rounds.map(({ draw_status, debates }) => [draw_status, debates.length])).toEqual([
      ['R', 5],
      ['R', 5],
      ['N', 0],
    ]);
    for (const { debates } of rounds.slice(0, 2)) {
      const seated = debates.flatMap(({ teams, panel }) => [
        ...teams.map(({ id }) => id),
        ...panel.map(({ id }) => id),
      ]);
      expect(new Set(seated).size).toBe(15);
    }
  });

  test('is where a test says it is', async () => {
    const phases = new Map([['r1-2', { phase: 'live' as const, score: null }]]);
    const { debates } = await createFixture({ phases, events: [] }).fetchScoreboard(site, 1);
    expect(debates.map(({ phase }) => phase)).toEqual(['scheduled', 'live', 'scheduled', 'scheduled', 'scheduled']);
    expect((await fixture.fetchScoreboard(site, 3)).debates).toEqual([]);
  });
});
