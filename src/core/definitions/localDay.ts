/** A calendar day somewhere, as instants. The zones are those that this Node knows, by their IANA names. Pure. */
import { z } from 'zod';

const HOUR_MS = 3_600_000;
/** No zone was ever further from UTC. */
const FURTHEST_MS = 26 * HOUR_MS;
const DAY_MS = 24 * HOUR_MS;

/** In the years that a match can be set for. */
export const day = z.iso
  .date('is a date such as 2027-03-01')
  .refine((text) => text >= '2000' && text < '2101', 'must be a day between the years 2000 and 2100');

/** A name and no offset: an offset would be wrong for half of the year where clocks are changed. */
export const timeZone = z
  .string()
  .max(64)
  .refine(isZone, 'must be the IANA name of a time zone, such as Europe/Berlin or America/New_York');

function isZone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    calendarOf(name);
    return true;
  } catch {
    return false;
  }
}

/** From the first instant of the day up to, and without, the first of the next. @param day `2027-03-01` */
export function instantsOfDay(day: string, zone: string): { from: string; to: string } {
  const calendar = calendarOf(zone);
  const next = new Date(Date.parse(day) + DAY_MS).toISOString().slice(0, 10);
  return { from: firstInstantOf(day, calendar), to: firstInstantOf(next, calendar) };
}

/** Dates as `2027-03-01`, in the order of their texts. */
function calendarOf(timeZone: string): Intl.DateTimeFormat {
  const digits = { year: 'numeric', month: '2-digit', day: '2-digit' } as const;
  return new Intl.DateTimeFormat('sv-SE', { ...digits, timeZone, calendar: 'iso8601', numberingSystem: 'latn' });
}

/** Searched for, as midnight may be skipped, or come twice. */
function firstInstantOf(day: string, calendar: Intl.DateTimeFormat): string {
  let before = Date.parse(day) - FURTHEST_MS;
  let within = Date.parse(day) + FURTHEST_MS;
  while (within - before > 1) {
    const middle = Math.floor((before + within) / 2);
    if (calendar.format(middle) < day) before = middle;
    else within = middle;
  }
  return new Date(within).toISOString();
}
