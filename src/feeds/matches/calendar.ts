/**
 * Matches as an iCalendar (RFC 5545): what a calendar shows of a match is when and where it is. Lines end with CRLF and are
 * folded after 75 octets, within no character.
 */
import type { Phase } from './match.ts';

export interface Entry {
  id: string;
  title: string;
  courtroom: string | null;
  /** RFC 3339, UTC. */
  starts_at: string;
  duration_ms: number;
  phase: Phase;
  /** One more with each change: calendars show the latest. */
  version: number;
  changed_at: string;
}

const LINE_OCTETS = 75;

/** @param host of the ids, which are unique in the world */
export function calendarOf(name: string, entries: readonly Entry[], host: string): string {
  const lines = [
    ...['BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//Plearoll//Matches//EN', 'CALSCALE:GREGORIAN', 'METHOD:PUBLISH'],
    `X-WR-CALNAME:${escaped(name)}`,
    ...entries.flatMap((entry) => eventOf(entry, host)),
    'END:VCALENDAR',
  ];
  return lines.map((line) => `${folded(line)}\r\n`).join('');
}

function eventOf({ id, title, courtroom, starts_at, duration_ms, phase, version, changed_at }: Entry, host: string) {
  const isOff = phase === 'cancelled' || phase === 'postponed';
  return [
    'BEGIN:VEVENT',
    `UID:${id}@${host}`,
    `DTSTAMP:${instantOf(changed_at)}`,
    `DTSTART:${instantOf(starts_at)}`,
    `DTEND:${instantOf(new Date(Date.parse(starts_at) + duration_ms).toISOString())}`,
    `SEQUENCE:${version}`,
    `SUMMARY:${escaped(title)}`,
    ...(courtroom === null ? [] : [`LOCATION:${escaped(courtroom)}`]),
    `STATUS:${isOff ? 'CANCELLED' : 'CONFIRMED'}`,
    'END:VEVENT',
  ];
}

const instantOf = (at: string) => at.replace(/[-:]|\.\d+/g, '');

/** TEXT of section 3.3.11; what no calendar may hold is left out. */
function escaped(text: string): string {
  return text
    .replace(/[\\;,]/g, (mark) => `\\${mark}`)
    .replace(/\r\n|\n|\r/g, '\\n')
    .replace(/\p{Cc}/gu, '');
}

/** Section 3.1: what goes on begins with a space, which counts. */
function folded(line: string): string {
  const parts: string[] = [];
  let [part, octets] = ['', 0];
  for (const character of line) {
    const size = Buffer.byteLength(character);
    if (octets + size > LINE_OCTETS) {
      parts.push(part);
      [part, octets] = ['', 1];
    }
    part += character;
    octets += size;
  }
  return [...parts, part].join('\r\n ');
}
