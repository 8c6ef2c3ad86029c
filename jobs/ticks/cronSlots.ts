/**
 * When a cron expression is due, and what is to be done about ticks that nobody fired in time. Pure: the clock is an
 * argument, everything is UTC, and instants are milliseconds since 1970.
 */

import { parse } from 'node-cron';
import { timings } from '../../src/infra/timings.ts';

/** What becomes of ticks that were missed: only the latest is fired, none is, or the latest `all` of them are. */
export type MissedPolicy = 'latest' | 'skip' | { all: number };

export interface Plan {
  /** To be fired, oldest first. */
  fire: number[];
  /** Due, and not to be fired. */
  give_up: number[];
}

type Fields = Readonly<Record<'second' | 'minute' | 'hour' | 'dayOfMonth' | 'month' | 'dayOfWeek', number[]>>;

/** Further back nobody looks for what was missed. */
const LOOK_BACK_MS = 31 * 86_400_000;
const LOOK_AHEAD_DAYS = 4 * 366;
const DAY_MS = 86_400_000;

/** @param since the last slot that was dealt with */
export function planTicks(cron: string, policy: MissedPolicy, since: number, now: number): Plan {
  const due = slotsBetween(cron, Math.max(since, now - LOOK_BACK_MS), now);
  const fired = policy === 'skip' ? due.filter((slot) => isOnTime(slot, now)) : due.slice(-atMost(policy));
  return { fire: fired, give_up: due.slice(0, due.length - fired.length) };
}

export function isOnTime(slot: number, now: number): boolean {
  return now - slot <= timings.ticks.on_time_within_ms;
}

function atMost(policy: 'latest' | { all: number }): number {
  return policy === 'latest' ? 1 : policy.all;
}

/** The slots after `after` and until `until`, that one included. */
export function slotsBetween(cron: string, after: number, until: number): number[] {
  const slots: number[] = [];
  for (const slot of slotsAfter(fieldsOf(cron), after)) {
    if (slot > until) break;
    slots.push(slot);
  }
  return slots;
}

/** @throws when there is none within four years */
export function nextSlot(cron: string, after: number): number {
  for (const slot of slotsAfter(fieldsOf(cron), after)) return slot;
  throw new Error(`${cron} is never due`);
}

function* slotsAfter({ second, minute, hour, dayOfMonth, month, dayOfWeek }: Fields, after: number) {
  const first = Math.floor(after / DAY_MS) * DAY_MS;
  for (let day = first; day < first + LOOK_AHEAD_DAYS * DAY_MS; day += DAY_MS) {
    const date = new Date(day);
    if (!month.includes(date.getUTCMonth() + 1) || !dayOfMonth.includes(date.getUTCDate())) continue;
    if (!dayOfWeek.includes(date.getUTCDay())) continue;
    for (const h of hour) {
      for (const m of minute) {
        for (const s of second) {
          const slot = day + ((h * 60 + m) * 60 + s) * 1_000;
          if (slot > after) yield slot;
        }
      }
    }
  }
}

/** @throws when the expression is wrong, or counts from the end of a month, which nothing here needs */
function fieldsOf(cron: string): Fields {
  const fields: { [name: string]: (number | string)[] } = { ...parse(cron) };
  for (const [name, values] of Object.entries(fields)) {
    if (values.some((value) => typeof value !== 'number')) throw new Error(`${cron}: ${name} must be plain numbers`);
    // A value may be listed twice: `2,2`.
    fields[name] = [...new Set(values as number[])].sort((a, b) => a - b);
  }
  return fields as Fields;
}
