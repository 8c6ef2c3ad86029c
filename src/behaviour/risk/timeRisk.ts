/** The risk of the hour at which, and the time for which, somebody is signed in: by the clock of the institution. Pure. */

const NIGHT = { from: 2, to: 6, risk: 60 };
const LATE = { from: 22, to: 2, risk: 40 };
const DAY_RISK = 10;
const LONG_MS = 4 * 3_600_000;
const LONG_RISK = 20;
const SHORT_MS = 60_000;
const SHORT_RISK = 30;

/** @param at RFC 3339 @param zone as IANA names it */
export function timeRisk(at: string, zone: string, lasted_ms: number): number {
  const hour = hourIn(at, zone);
  const isNight = hour >= NIGHT.from && hour < NIGHT.to;
  const isLate = hour >= LATE.from || hour < LATE.to;
  const risk = isNight ? NIGHT.risk : isLate ? LATE.risk : DAY_RISK;
  const long = lasted_ms > LONG_MS ? LONG_RISK : 0;
  const short = lasted_ms < SHORT_MS ? SHORT_RISK : 0;
  return Math.min(100, risk + long + short);
}

/** Making one takes longer than asking it. */
const clocks = new Map<string, Intl.DateTimeFormat>();
const MOST_CLOCKS = 600;

function hourIn(at: string, timeZone: string): number {
  let clock = clocks.get(timeZone);
  if (!clock) {
    if (clocks.size >= MOST_CLOCKS) clocks.clear();
    clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', hourCycle: 'h23', timeZone });
    clocks.set(timeZone, clock);
  }
  return Number(clock.format(new Date(at)));
}
