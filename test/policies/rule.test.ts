/** Which rules a request meets, and what it lacks. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ROLES } from '../../src/core/definitions/actor.ts';
import { localHour } from '../../src/core/localHour.ts';
import { commands } from '../../src/modules.ts';
import { NOT_OF_ADMINS } from '../../src/policies/lockout.ts';
import { decide, isWithin, nounOf, type Request, type Rule } from '../../src/policies/rule.ts';
import { RULE } from './policies.ts';

const request: Request = { command: 'turn.start', role: 'judge', confidence: 75, stepped_up: false, hour: 12 };

test('a rule matches a command by its name or by its noun, and nothing else', () => {
  for (const resource_type of ['turn.*', 'turn.start'])
    expect(decide([{ ...RULE, resource_type }], request)).toEqual([]);
  for (const resource_type of ['turn.end', 'session.*', 'turns.*', 'tur.*']) {
    expect(decide([{ ...RULE, resource_type }], request)).toBeUndefined();
  }
});

test('every rule that matches must pass, and what lacks is told once and in order', () => {
  const others: Rule[] = [
    { ...RULE, min_confidence: 80, step_up: true },
    { ...RULE, resource_type: 'turn.start', min_confidence: 90, hours: { from: 13, to: 12 } },
    { ...RULE, allowed_roles: ['admin'] },
    { ...RULE, resource_type: 'turn.end', allowed_roles: ['super_admin'] },
  ];
  expect(decide([RULE, ...others], request)).toEqual(['role', 'hours', 'confidence', 'step_up']);
  expect(decide([RULE, others[0]!], request)).toEqual(['confidence', 'step_up']);
  expect(decide([RULE, others[0]!], { ...request, confidence: 100, stepped_up: true })).toEqual([]);
});

test('hours go up to, and without, their end, and over midnight', () => {
  const hoursOf = (from: number, to: number) =>
    Array.from({ length: 24 }, (_, hour) => hour).filter((hour) => isWithin({ from, to }, hour));
  expect(hoursOf(9, 12)).toEqual([9, 10, 11]);
  expect(hoursOf(22, 2)).toEqual([0, 1, 22, 23]);
  expect(hoursOf(22, 0)).toEqual([22, 23]);
  expect(isWithin(undefined, 3)).toBe(true);
});

test('an hour is inside of some hours or of all the others', () => {
  const hour = fc.integer({ min: 0, max: 23 });
  fc.assert(
    fc.property(hour, hour, hour, (from, to, at) => {
      fc.pre(from !== to);
      expect(isWithin({ from, to }, at)).toBe(!isWithin({ from: to, to: from }, at));
    }),
  );
});

test('the hour is that of the institution, also where clocks are changed or are half an hour off', () => {
  expect(localHour('2026-11-21T23:30:00.000Z', 'UTC')).toBe(23);
  expect(localHour('2026-11-21T23:30:00.000Z', 'Europe/Berlin')).toBe(0);
  expect(localHour('2026-07-21T22:30:00.000Z', 'Europe/Berlin')).toBe(0);
  expect(localHour('2026-11-21T18:45:00.000Z', 'Asia/Kolkata')).toBe(0);
  expect(localHour(Date.parse('2026-03-29T00:59:59.999Z'), 'Europe/Berlin')).toBe(1);
  expect(localHour(Date.parse('2026-03-29T01:00:00.000Z'), 'Europe/Berlin')).toBe(3);
});

test('a rule that asks for nothing but every role lets everybody pass', () => {
  const open: Rule = { ...RULE, allowed_roles: [...ROLES], min_confidence: 0 };
  for (const role of ROLES) expect(decide([open], { ...request, role, confidence: 0 })).toEqual([]);
  expect(decide([open], { ...request, role: 'observer' })).toEqual(['role']);
});

test('the commands that admins may not send are named', () => {
  const others = commands.filter(({ roles }) => roles !== 'anyone' && !roles.includes('admin'));
  const nouns = [...new Set(commands.map(({ name }) => nounOf(name)))];
  const isWhole = (noun: string) =>
    commands.filter(({ name }) => nounOf(name) === noun).every((command) => others.includes(command));
  const whole = nouns.filter(isWhole).map((noun) => `${noun}.*`);
  expect([...others.map(({ name }) => name), ...whole].toSorted()).toEqual(NOT_OF_ADMINS.toSorted());
});
