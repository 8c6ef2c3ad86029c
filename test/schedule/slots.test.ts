/** Which ticks are due: a function of the expression, the policy, the last slot and the clock, and of nothing else. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { createTask } from 'node-cron';
import { describe, expect, test } from 'vitest';
import { onDemand, timetable } from '../../jobs/schedule.ts';
import { type MissedPolicy, nextSlot, planTicks, slotsBetween } from '../../jobs/ticks/cronSlots.ts';

const at = (text: string) => Date.parse(`2026-03-${text}Z`);
const texts = (slots: number[]) => slots.map((slot) => new Date(slot).toISOString().slice(8, 19));

function plan(cron: string, policy: MissedPolicy, since: string, now: string) {
  const { fire, give_up } = planTicks(cron, policy, at(since), at(now));
  return { fire: texts(fire), give_up: give_up.length };
}

describe('slots', () => {
  test('come after the first instant and until the last, which is among them', () => {
    const slots = slotsBetween('*/10 * * * *', at('09T23:50:00'), at('10T00:20:00'));
    expect(texts(slots)).toEqual(['10T00:00:00', '10T00:10:00', '10T00:20:00']);
  });

  test('are those of UTC, whatever a summer time does', () => {
    expect(texts(slotsBetween('30 2 * * *', at('28T00:00:00'), at('30T00:00:00')))).toEqual([
      '28T02:30:00',
      '29T02:30:00',
    ]);
  });

  test('with six fields the first is the second', () => {
    const slots = slotsBetween('*/30 * * * * *', at('10T00:00:00'), at('10T00:01:10'));
    expect(texts(slots)).toEqual(['10T00:00:30', '10T00:01:00']);
    expect(new Date(nextSlot('*/30 * * * * *', at('10T23:59:31'))).toISOString()).toBe('2026-03-11T00:00:00.000Z');
  });

  test('a day of the month and a day of the week must both fit, as node-cron has it', () => {
    expect(new Date(nextSlot('0 4 13 * 5', at('14T00:00:00'))).toISOString()).toBe('2026-11-13T04:00:00.000Z');
  });

  test('an expression that can never be due, or counts from a month’s end, is refused', () => {
    expect(() => nextSlot('0 0 31 2 *', 0)).toThrow('impossible day');
    expect(() => nextSlot('0 0 L * *', 0)).toThrow('plain numbers');
  });

  test('are instants, however often an expression names them', () => {
    const [from, until] = [at('14T00:00:00'), at('14T23:59:00')];
    expect(slotsBetween('0,0 2,2 * * *', from, until)).toEqual([at('14T02:00:00')]);
  });

  test('are exactly the instants that node-cron matches', () => {
    const field = (low: number, high: number) =>
      fc.oneof(
        fc.constant('*'),
        fc.integer({ min: 2, max: 9 }).map((n) => `*/${n}`),
        fc.integer({ min: low, max: high }).map(String),
        fc
          .tuple(fc.integer({ min: low, max: high }), fc.integer({ min: low, max: high }))
          .map((pair) => pair.join(',')),
      );
    const cron = fc.tuple(field(0, 59), field(0, 23), field(1, 28), field(1, 12), field(0, 6)).map((f) => f.join(' '));
    fc.assert(
      fc.property(cron, fc.integer({ min: 0, max: 525_600 }), (expression, minute) => {
        const start = Date.UTC(2026, 0, 1) + minute * 60_000;
        const task = createTask(expression, () => {}, { timezone: 'UTC' });
        const minutes = Array.from({ length: 200 }, (_, i) => start + (i + 1) * 60_000);
        const matching = minutes.filter((slot) => task.match(new Date(slot)));
        void task.destroy();
        expect(slotsBetween(expression, start, minutes.at(-1)!)).toEqual(matching);
      }),
      { numRuns: 100 },
    );
  });
});

describe('ticks that were missed', () => {
  test('latest: only the newest is fired', () => {
    expect(plan('0 * * * *', 'latest', '09T20:00:00', '10T02:30:00')).toEqual({ fire: ['10T02:00:00'], give_up: 5 });
  });

  test('skip: none is', () => {
    expect(plan('0 * * * *', 'skip', '09T20:00:00', '10T02:30:00')).toEqual({ fire: [], give_up: 6 });
  });

  test('skip: one that is only late, as when another takes the lead, was not missed', () => {
    expect(plan('0 * * * *', 'skip', '09T20:00:00', '10T02:00:07')).toEqual({ fire: ['10T02:00:00'], give_up: 5 });
  });

  test('all: as many of the newest as the line allows, oldest first', () => {
    const fire = ['10T00:00:00', '10T01:00:00', '10T02:00:00'];
    expect(plan('0 * * * *', { all: 3 }, '09T20:00:00', '10T02:30:00')).toEqual({ fire, give_up: 3 });
  });

  test.each(['latest', 'skip', { all: 5 }] as MissedPolicy[])('nothing due is nothing fired: %j', (policy) => {
    expect(plan('0 * * * *', policy, '10T02:00:00', '10T02:59:59')).toEqual({ fire: [], give_up: 0 });
  });

  test('nobody looks further back than a month', () => {
    const { fire, give_up } = planTicks(
      '0 0 * * *',
      'latest',
      at('01T00:00:00') - 10 * 366 * 86_400_000,
      at('01T00:00:30'),
    );
    expect([fire.length, give_up.length]).toEqual([1, 30]);
  });

  test('a clock that jumps back finds nothing due that the ledger has', () => {
    const now = at('10T02:00:01');
    const { fire } = planTicks('0 * * * *', { all: 9 }, at('10T00:00:00'), now);
    const last = fire.at(-1)!;
    for (const jump of [1, 60, 3_600, 86_400]) {
      expect(planTicks('0 * * * *', { all: 9 }, last, now - jump * 1_000).fire).toEqual([]);
    }
    expect(planTicks('0 * * * *', { all: 9 }, last, now + 3_600_000).fire).toEqual([last + 3_600_000]);
  });
});

describe('the timetable', () => {
  test('is what docs/operations.md shows', () => {
    const page = readFileSync(join(import.meta.dirname, '../../docs/operations.md'), 'utf8');
    const rows = [...page.matchAll(/^\| `([\w.]+)` \| `([*\d].*?)` \| (\w+).* \| (\w+) \|$/gm)].map((row) =>
      row.slice(1),
    );
    expect(rows).toEqual(
      timetable.map(({ job, cron, missed, queue }) => [
        job.name,
        cron,
        typeof missed === 'string' ? missed : 'all',
        queue,
      ]),
    );
  });

  test('has every job there is', () => {
    const folder = join(import.meta.dirname, '../../jobs');
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
    const defined = files.filter((file) => readFileSync(join(folder, file), 'utf8').includes('= defineJob('));
    expect(timetable.length + onDemand.length).toBe(defined.length);
  });

  test('names every job once, on expressions that are due again', () => {
    const names = [...timetable, ...onDemand].flatMap(({ job }) => [job.name, ...(job.formerly ? [job.formerly] : [])]);
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(name).toMatch(/^[a-z]+(\.[a-z]+|(_[a-z]+)+)$/);
    for (const { cron } of timetable) {
      expect(nextSlot(cron, Date.now())).toBeGreaterThan(Date.now());
    }
  });
});
