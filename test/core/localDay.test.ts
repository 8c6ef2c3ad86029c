/** Days as instants, where clocks are changed too. */
import { expect, test } from 'vitest';
import { day, instantsOfDay, timeZone } from '../../src/core/definitions/localDay.ts';

const HOUR_MS = 3_600_000;

test.each([
  ['UTC', '2027-03-01', '2027-03-01T00:00:00.000Z', 24],
  ['America/New_York', '2027-01-15', '2027-01-15T05:00:00.000Z', 24],
  ['Asia/Kolkata', '2027-01-15', '2027-01-14T18:30:00.000Z', 24],
  ['Pacific/Kiritimati', '2027-01-15', '2027-01-14T10:00:00.000Z', 24],
  ['Etc/GMT+12', '2027-01-15', '2027-01-15T12:00:00.000Z', 24],
  ['Europe/Berlin', '2027-03-28', '2027-03-27T23:00:00.000Z', 23],
  ['Europe/Berlin', '2026-10-25', '2026-10-24T22:00:00.000Z', 25],
  // Midnight is skipped, and comes twice.
  ['Africa/Cairo', '2024-04-26', '2024-04-25T22:00:00.000Z', 23],
  ['Asia/Beirut', '2024-10-26', '2024-10-25T21:00:00.000Z', 25],
  // A day that Samoa never had.
  ['Pacific/Apia', '2011-12-30', '2011-12-30T10:00:00.000Z', 0],
])('in %s %s begins at %s and has %i hours', (zone, date, begins, hours) => {
  const { from, to } = instantsOfDay(date, zone);
  expect([from, (Date.parse(to) - Date.parse(from)) / HOUR_MS]).toEqual([begins, hours]);
});

test.each(['Europe/Berlin', 'UTC', 'Etc/GMT-3', 'US/Pacific'])('%s is a time zone', (zone) => {
  expect(timeZone.safeParse(zone).success).toBe(true);
});

test.each(['', 'Berlin', '+02:00', '-05', 'Europe/Nowhere', 'x'.repeat(65)])('%j is none', (zone) => {
  expect(timeZone.safeParse(zone).success).toBe(false);
});

test.each(['1999-12-31', '2101-01-01', '0000-01-01', '2027-02-30', 'tonight'])('%s is no day of a match', (date) => {
  expect(day.safeParse(date).success).toBe(false);
});
