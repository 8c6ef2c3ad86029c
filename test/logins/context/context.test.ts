/** How well a login session fits its person: each part by itself, the sum of them, and journeys that nobody makes. */
import { describe, expect, test } from 'vitest';
import {
  assessContext,
  type ContextFacts,
  NEUTRAL,
  PARTS,
  UNKNOWN_CONTEXT,
  WEIGHTS,
} from '../../../src/logins/context/context.ts';
import { distanceKm, isImpossible, type Place, type Seen } from '../../../src/logins/context/travel.ts';

const NOON = Date.parse('2026-11-21T12:00:00.000Z');
const BERLIN: Place = { latitude_tenths: 525, longitude_tenths: 134 };
const POTSDAM: Place = { latitude_tenths: 524, longitude_tenths: 131 };
const SYDNEY: Place = { latitude_tenths: -339, longitude_tenths: 1512 };

const NOTHING: ContextFacts = {
  ...{ now: NOON, time_zone: null, others: 0, knows_device: null, knows_network: null },
  ...{ is_ending: false, ended_by_others: 0, ended_by_person: 0, here: null, seen: [], usual: [] },
};
const assess = (facts: Partial<ContextFacts>) => assessContext({ ...NOTHING, ...facts });
const partOf = (part: (typeof PARTS)[number], facts: Partial<ContextFacts>) => {
  const { parts, unknown } = assess(facts);
  return unknown.includes(part) ? 'unknown' : parts[part];
};

describe('the context of a login session', () => {
  test('is neutral, and says of which parts, where nothing is known', () => {
    expect(assess({})).toEqual(UNKNOWN_CONTEXT);
    expect(UNKNOWN_CONTEXT).toMatchObject({ score: NEUTRAL, unknown: PARTS });
  });

  test('weighs its parts as documented', () => {
    expect(PARTS.reduce((sum, part) => sum + WEIGHTS[part], 0)).toBe(100);
    const best = {
      others: 3,
      knows_device: true,
      knows_network: true,
      time_zone: 'UTC',
      here: BERLIN,
      usual: [BERLIN],
    };
    expect(assess(best)).toMatchObject({ score: 100, unknown: [] });
    const losses = {
      ...{ device: { knows_device: false }, network: { knows_network: false }, location: { usual: [SYDNEY] } },
      ...{ time: { now: NOON - 9 * 3_600_000 }, history: { ended_by_others: 1 } },
    };
    const scores = Object.fromEntries(PARTS.map((part) => [part, assess({ ...best, ...losses[part] }).score]));
    expect(scores).toEqual({ device: 85, network: 88, time: 88, location: 93, history: 89 });
  });

  test('asks for a step-up of a thief: another device and network at night, elsewhere', () => {
    const thief = { others: 5, knows_device: false, knows_network: false, time_zone: 'UTC', usual: [BERLIN] };
    const night = { ...thief, here: SYDNEY, now: NOON - 9 * 3_600_000 };
    expect(assess(night).score).toBeLessThan(60);
  });

  test('asks for a step-up of a device and a network that are both new, by day and in the same city or where nobody knows', () => {
    const stranger = { others: 5, knows_device: false, knows_network: false };
    const byDay = { time_zone: 'UTC', here: BERLIN, usual: [BERLIN] };
    for (const facts of [
      stranger,
      { ...stranger, time_zone: 'UTC' },
      { ...stranger, ...byDay },
      { ...stranger, others: 1 },
    ]) {
      expect(assess(facts).score).toBe(59);
    }
    for (const known of [{ knows_device: true }, { knows_network: true }, { others: 0 }]) {
      expect(assess({ ...stranger, ...byDay, ...known }).score).toBeGreaterThanOrEqual(60);
    }
    const night = { ...byDay, here: SYDNEY, now: NOON - 9 * 3_600_000 };
    expect(assess({ ...stranger, ...night }).score).toBeLessThan(59);
  });

  test('knows devices and networks by other sign-ins alone', () => {
    for (const [part, fact] of [
      ['device', 'knows_device'],
      ['network', 'knows_network'],
    ] as const) {
      expect(partOf(part, { others: 1, [fact]: true })).toBe(100);
      expect(partOf(part, { others: 1, [fact]: false })).toBe(part === 'device' ? 40 : 50);
      expect(partOf(part, { others: 1, [fact]: null })).toBe('unknown');
      expect(partOf(part, { others: 0, [fact]: false })).toBe('unknown');
    }
  });

  test('goes by the clock of the institution', () => {
    const at = (hour: string, time_zone: string) =>
      partOf('time', { now: Date.parse(`2026-11-21T${hour}Z`), time_zone });
    expect(
      ['01:59:59', '02:00:00', '05:59:59', '06:00:00', '21:59:59', '22:00:00'].map((one) => at(one, 'UTC')),
    ).toEqual([60, 40, 40, 100, 100, 60]);
    expect(at('20:00:00', 'UTC')).toBe(100);
    expect(at('20:00:00', 'Asia/Kolkata')).toBe(60);
    expect(at('21:00:00', 'Asia/Kolkata')).toBe(40);
    expect(at('10:30:00', 'America/Los_Angeles')).toBe(40);
    expect(partOf('time', { time_zone: null })).toBe('unknown');
  });

  test('knows places by other sign-ins alone, and does not tell near ones apart', () => {
    expect(partOf('location', { here: BERLIN })).toBe('unknown');
    expect(partOf('location', { usual: [BERLIN] })).toBe('unknown');
    expect(partOf('location', { here: BERLIN, usual: [SYDNEY, POTSDAM] })).toBe(100);
    expect(partOf('location', { here: BERLIN, usual: [SYDNEY] })).toBe(50);
  });

  test('has a history of sign-ins and of how they ended', () => {
    expect(partOf('history', { others: 0 })).toBe('unknown');
    expect([1, 2, 3, 50].map((others) => partOf('history', { others }))).toEqual([85, 85, 100, 100]);
    expect(partOf('history', { others: 3, ended_by_person: 1 })).toBe(60);
    expect(partOf('history', { others: 3, ended_by_person: 1, ended_by_others: 1 })).toBe(25);
    expect(partOf('history', { others: 3, ended_by_others: 1, is_ending: true })).toBe(0);
  });
});

describe('a journey', () => {
  const HOUR = 3_600_000;
  const seen = (place: Place, hours_ago: number, is_own = true): Seen => ({
    ...place,
    at: NOON - hours_ago * HOUR,
    is_own,
  });
  // 800 km north of the equator's meridian are 7.2 degrees.
  const north = (km: number): Place => ({ latitude_tenths: Math.round((km / 111.195) * 10), longitude_tenths: 0 });

  test('is as long as on the globe, over the date line and at the poles too', () => {
    expect(Math.round(distanceKm(BERLIN, SYDNEY) / 100)).toBe(161);
    expect(distanceKm(BERLIN, BERLIN)).toBe(0);
    const [east, west] = [1_799, -1_799].map((longitude_tenths) => ({ latitude_tenths: 0, longitude_tenths }));
    expect(Math.round(distanceKm(east!, west!))).toBe(22);
    const [one, other] = [0, 1_800].map((longitude_tenths) => ({ latitude_tenths: 900, longitude_tenths }));
    expect(Math.round(distanceKm(one!, other!))).toBe(0);
    expect(
      Math.round(
        distanceKm({ latitude_tenths: 0, longitude_tenths: 0 }, { latitude_tenths: 0, longitude_tenths: 1_800 }),
      ),
    ).toBe(20_015);
  });

  test('is impossible above 800 km an hour, and within twelve hours', () => {
    const from = (km: number, hours: number) => isImpossible([seen(north(0), hours), seen(north(km), 0)], NOON);
    expect(from(790, 1)).toBe(false);
    expect(from(820, 1)).toBe(true);
    expect(from(7_900, 10)).toBe(false);
    expect(from(8_200, 10)).toBe(true);
    expect(from(9_900, 12)).toBe(true);
    expect(from(9_900, 12.1)).toBe(false);
  });

  test('within the neighbourhood, or at one instant there, is none', () => {
    expect(isImpossible([seen(BERLIN, 0), seen(POTSDAM, 0)], NOON)).toBe(false);
    expect(isImpossible([seen(BERLIN, 0), seen(SYDNEY, 0)], NOON)).toBe(true);
    expect(isImpossible([seen(SYDNEY, 0)], NOON)).toBe(false);
    expect(isImpossible([], NOON)).toBe(false);
  });

  test('counts against the sign-ins that take part in it, for twelve hours', () => {
    const [home, abroad] = [seen(BERLIN, 3, false), seen(SYDNEY, 2, false)];
    expect(isImpossible([home, abroad], NOON)).toBe(false);
    expect(isImpossible([{ ...home, is_own: true }, abroad], NOON)).toBe(true);
    expect(isImpossible([home, { ...abroad, is_own: true }], NOON)).toBe(true);
    expect(isImpossible([home, { ...abroad, is_own: true }], NOON + 10 * HOUR)).toBe(true);
    expect(isImpossible([home, { ...abroad, is_own: true }], NOON + 10.1 * HOUR)).toBe(false);
  });

  test('leaves nothing of the location, wherever the person is usually', () => {
    const facts = { here: SYDNEY, usual: [SYDNEY], seen: [seen(BERLIN, 1, false), seen(SYDNEY, 0)] };
    expect(partOf('location', facts)).toBe(0);
  });
});
