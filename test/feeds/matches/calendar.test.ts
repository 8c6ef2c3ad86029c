import { describe, expect, test } from 'vitest';
import { calendarOf, type Entry } from '../../../src/feeds/matches/calendar.ts';

const entry: Entry = {
  ...{ id: '018f3c1e-7b2a-7c11-9d0e-0000000a0000', title: 'Oslo v. Lima', courtroom: 'Hall B' },
  ...{ starts_at: '2026-11-21T10:00:00.000Z', duration_ms: 5_400_000, phase: 'scheduled', version: 3 },
  changed_at: '2026-11-20T08:30:00.000Z',
};

/** A reader of RFC 5545 of its own: unfolds, then takes each line apart. @throws where a line is none */
function parse(text: string) {
  expect(text.endsWith('\r\n')).toBe(true);
  for (const line of text.slice(0, -2).split('\r\n')) {
    expect(Buffer.byteLength(line)).toBeLessThanOrEqual(75);
    expect(line).not.toMatch(/[\r\n\ufffd]/);
  }
  const lines = text.replaceAll('\r\n ', '').slice(0, -2).split('\r\n');
  const events: Record<string, string>[] = [];
  const open: string[] = [];
  for (const line of lines) {
    const [, name, value] = /^([A-Z-]+)(?:;[^:]*)?:(.*)$/s.exec(line)!;
    if (name === 'BEGIN') open.push(value!);
    if (name === 'BEGIN' && value === 'VEVENT') events.push({});
    if (name === 'END') expect(open.pop()).toBe(value);
    if (open.at(-1) === 'VEVENT' && name !== 'BEGIN') {
      expect(events.at(-1)).not.toHaveProperty(name!);
      events.at(-1)![name!] = value!.replace(/\\([\\;,nN])/g, (_, mark) => (/n/i.test(mark) ? '\n' : mark));
    }
  }
  expect(open).toEqual([]);
  return events;
}

test('a match is an event with its time, its room and its title', () => {
  expect(parse(calendarOf('Mine', [entry], 'example.org'))).toEqual([
    {
      UID: `${entry.id}@example.org`,
      ...{ DTSTAMP: '20261120T083000Z', DTSTART: '20261121T100000Z', DTEND: '20261121T113000Z' },
      ...{ SEQUENCE: '3', SUMMARY: 'Oslo v. Lima', LOCATION: 'Hall B', STATUS: 'CONFIRMED' },
    },
  ]);
});

test('what is cancelled or postponed says so, and what has no room has none', () => {
  const off = (['cancelled', 'postponed'] as const).map((phase) => ({ ...entry, phase, courtroom: null }));
  for (const event of parse(calendarOf('Mine', off, 'example.org'))) {
    expect(event).toMatchObject({ STATUS: 'CANCELLED' });
    expect(event).not.toHaveProperty('LOCATION');
  }
});

describe('a title', () => {
  test.each([
    ['with marks that mean something', 'Smith, Jones; and \\ others: a "case"'],
    ['with line breaks that begin no line of the calendar', 'A\nEND:VEVENT\nBEGIN:VEVENT'],
    ['that is long, in letters of many octets', '模擬裁判 Größe 😀 '.repeat(20)],
    ['of combined characters', '👩‍⚖️'.repeat(40)],
  ])('%s is read as it was written', (_, title) => {
    const [event, ...others] = parse(calendarOf(title, [{ ...entry, title }], 'example.org'));
    expect(others).toEqual([]);
    expect(event!.SUMMARY).toBe(title);
  });

  test('loses what no calendar may hold', () => {
    expect(parse(calendarOf('Mine', [{ ...entry, title: 'A\u0007\u0000B' }], 'example.org'))[0]!.SUMMARY).toBe('AB');
  });
});

test('nothing is a calendar, too', () => {
  expect(parse(calendarOf('Mine', [], 'example.org'))).toEqual([]);
});
