/**
 * Matches from a spreadsheet, for schools without a tab system: one row for each, under the header that is named here. What
 * is wrong with a file is said of all its rows at once, by line and column.
 */
import { CsvError, parse } from 'csv-parse/sync';
import { OutboundError } from '../../core/definitions/outbound.ts';
import { groupBy } from '../../core/groupBy.ts';
import { cleanLine, instantOf, partsOfTime } from './clean.ts';
import { personNamed, teamOfPeople } from './people.ts';
import { type Debate, MOST, type Person, type Provider, type Round, type Schedule } from './provider.ts';

export const CSV_COLUMNS = [
  ...['id', 'round', 'title', 'courtroom'],
  ...['scheduled_at', 'petitioner', 'respondent', 'panel'],
] as const;
type Column = (typeof CSV_COLUMNS)[number];

export interface CsvFault {
  /** Of the file, from 1. */
  line: number;
  column: Column | null;
  detail: string;
}

const MOST_FAULTS = 50;
const MOST_ROW_BYTES = 32 * 1024;
const MOST_ROUND = 999;

type Row = Record<Column, string> & { line: number };
type Fault = (line: number, column: Column | null, detail: string) => undefined;

/** @param file as it was uploaded @returns the schedule, or what is wrong with the file */
export function parseCsv(file: Uint8Array | string): { schedule: Schedule } | { faults: CsvFault[] } {
  const faults: CsvFault[] = [];
  const fault: Fault = (line, column, detail) => {
    if (faults.length < MOST_FAULTS) faults.push({ line, column, detail });
  };
  const text = typeof file === 'string' ? file : decoded(file, fault);
  const rows = text === undefined ? [] : rowsOf(text, fault);
  const ids = new Set<string>();
  const debates = rows.map((row) => {
    const debate = debateOf(row, fault);
    if (ids.has(debate.id)) fault(row.line, 'id', 'stands in the file twice');
    ids.add(debate.id);
    return { round: roundNumberOf(row, fault), debate };
  });
  if (faults.length > 0) return { faults };
  if (debates.length === 0) return { faults: [{ line: 1, column: null, detail: 'holds no match' }] };
  return { schedule: { rounds: roundsOf(debates), unchanged: false } };
}

function decoded(bytes: Uint8Array, fault: Fault): string | undefined {
  const isWide = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
  try {
    if (!isWide) return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    // Said below.
  }
  return fault(1, null, 'is not in UTF-8: save it as “CSV UTF-8”');
}

function rowsOf(text: string, fault: Fault): Row[] {
  const records = recordsOf(text, fault);
  const [header, ...rest] = records;
  if (header === undefined) return [];
  const names = header.cells.map((cell) => cell.trim().toLowerCase());
  if (names.length === 1 && /[;\t]/.test(names[0]!)) {
    fault(header.line, null, 'has its columns separated by semicolons or tabs: save it with commas between them');
    return [];
  }
  for (const column of CSV_COLUMNS)
    if (names.filter((name) => name === column).length !== 1) fault(header.line, column, 'must be in the header once');
  const unknown = names.filter((name) => !(CSV_COLUMNS as readonly string[]).includes(name));
  if (unknown.length > 0) fault(header.line, null, `the header must be ${CSV_COLUMNS.join(',')} and nothing else`);
  if (rest.length > MOST.debates) fault(header.line, null, `holds more than ${MOST.debates} matches`);
  const isRead = unknown.length === 0 && CSV_COLUMNS.every((column) => names.includes(column));
  if (!isRead || rest.length > MOST.debates) return [];
  return rest.flatMap(({ line, cells }) => {
    if (cells.length !== names.length)
      return fault(line, null, `has ${cells.length} cells, and the header has ${names.length}`) ?? [];
    return [{ line, ...Object.fromEntries(names.map((name, i) => [name, cells[i]!])) } as Row];
  });
}

function recordsOf(text: string, fault: Fault): { line: number; cells: string[] }[] {
  try {
    const options = { bom: true, info: true, relax_column_count: true, skip_empty_lines: true } as const;
    const parsed = parse(text, { ...options, max_record_size: MOST_ROW_BYTES, trim: true }) as unknown as {
      info: { lines: number };
      record: string[];
    }[];
    // A spreadsheet keeps rows that were emptied.
    const written = parsed.filter(({ record }) => record.some((cell) => cell !== ''));
    return written.map(({ info, record }) => ({ line: info.lines, cells: record }));
  } catch (problem) {
    const { lines } = problem as CsvError & { lines?: number };
    if (!(problem instanceof CsvError)) throw problem;
    const detail =
      problem.code === 'CSV_MAX_RECORD_SIZE' ? 'is too long a row' : 'has a quote that is not closed, or not doubled';
    fault(lines ?? 1, null, detail);
    return [];
  }
}

function roundNumberOf({ line, round }: Row, fault: Fault): number {
  const isNumber = /^[1-9]\d{0,2}$/.test(round) && Number(round) <= MOST_ROUND;
  if (!isNumber) fault(line, 'round', `must be a whole number from 1 to ${MOST_ROUND}`);
  return isNumber ? Number(round) : 1;
}

function debateOf(row: Row, fault: Fault): Debate {
  const { line } = row;
  const id = cleanLine(row.id);
  if (id === null) fault(line, 'id', 'must name the match, and the same one whenever the file is uploaded');
  const [petitioner, respondent, panel] = (['petitioner', 'respondent', 'panel'] as const).map((column) =>
    peopleOf(row, column, fault),
  ) as [Person[], Person[], Person[]];
  const seen = new Set<string>();
  for (const [column, people] of Object.entries({ petitioner, respondent, panel })) {
    for (const person of people) {
      if (seen.has(person.id)) fault(line, column as Column, 'names a person who stands in the row twice');
      seen.add(person.id);
    }
  }
  const venue = cleanLine(row.courtroom);
  return {
    id: id ?? '',
    title: cleanLine(row.title),
    teams: [teamOfPeople('petitioner', petitioner), teamOfPeople('respondent', respondent)],
    panel: panel.map((person, i) => ({ ...person, place: i === 0 ? 'chair' : 'panellist' })),
    venue: venue === null ? null : { id: venue, name: venue },
    sides_confirmed: true,
    result: 'none',
    starts_at: timeOf(row, fault),
  };
}

function timeOf({ line, scheduled_at }: Row, fault: Fault): string | null {
  if (scheduled_at === '') return null;
  const at = instantOf(scheduled_at, undefined);
  if (at !== null) return at;
  const lacksZone = partsOfTime(scheduled_at)?.offset === undefined && partsOfTime(scheduled_at) !== undefined;
  fault(line, 'scheduled_at', lacksZone ? `lacks its zone: ${EXAMPLE_TIME}` : `must be a time such as ${EXAMPLE_TIME}`);
  return null;
}

const EXAMPLE_TIME = '2027-03-01T09:30+01:00';

function peopleOf(row: Row, column: 'petitioner' | 'respondent' | 'panel', fault: Fault): Person[] {
  const people = row[column].split(';').flatMap((name) => personNamed(name) ?? []);
  if (people.length > MOST.people) fault(row.line, column, `names more than ${MOST.people} people`);
  if (people.length === 0 && column !== 'panel') fault(row.line, column, 'names nobody');
  return people.slice(0, MOST.people);
}

function roundsOf(debates: { round: number; debate: Debate }[]): Round[] {
  const rounds = [...groupBy(debates, ({ round }) => String(round))];
  return rounds
    .map(([round, members]) => ({ seq: Number(round), members }))
    .toSorted((a, b) => a.seq - b.seq)
    .map(({ seq, members }) => ({
      ...{ seq, name: `Round ${seq}`, draw_status: 'R' as const, silent: false, starts_at: null },
      debates: members.map(({ debate }) => debate),
    }));
}

/** @throws OutboundError `unreadable`, with the first fault's place */
function readSchedule(text: string): Schedule {
  const parsed = parseCsv(text);
  if ('schedule' in parsed) return parsed.schedule;
  const { line, column } = parsed.faults[0]!;
  throw new OutboundError('unreadable', { place: `line ${line}${column === null ? '' : `, ${column}`}` });
}

/** Uploaded for the most part; a file that stands under the base URL is fetched. */
export const csv: Provider = {
  name: 'csv',
  capabilities: new Set(['schedule']),
  async fetchSchedule(site, round) {
    const { value, unchanged } = await site.outbound.get('/', readSchedule);
    return { rounds: value.rounds.filter(({ seq }) => round === undefined || seq === round), unchanged };
  },
  fetchScoreboard: async (_, round) => ({ round, draw_status: 'R', debates: [], unchanged: true }),
  fetchEvents: async () => [],
  fetchStats: async () => ({ teams: [], unchanged: true }),
};
