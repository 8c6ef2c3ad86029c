/** The risk of the hour at which, and the time for which, somebody is signed in: by the clock of the institution. Pure. */
import { localHour, partOfDay } from '../../core/localHour.ts';

const RISKS = { night: 60, late: 40, day: 10 };
const LONG_MS = 4 * 3_600_000;
const LONG_RISK = 20;
const SHORT_MS = 60_000;
const SHORT_RISK = 30;

/** @param at RFC 3339 @param zone as IANA names it */
export function timeRisk(at: string, zone: string, lasted_ms: number): number {
  const risk = RISKS[partOfDay(localHour(at, zone))];
  const long = lasted_ms > LONG_MS ? LONG_RISK : 0;
  const short = lasted_ms < SHORT_MS ? SHORT_RISK : 0;
  return Math.min(100, risk + long + short);
}
