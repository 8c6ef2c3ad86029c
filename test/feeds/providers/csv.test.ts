/** Matches from a spreadsheet: what is read, and everything that is wrong with a file at once, by line and column. */
import { describe, expect, test } from 'vitest';
import { CSV_COLUMNS, csv, parseCsv } from '../../../src/feeds/providers/csv.ts';

const HEADER = CSV_COLUMNS.join(',');
const ROW =
  '7,2,Meridian v. Harbour,Courtroom 1,2027-03-01T09:30+01:00,Ada Lovelace;Grace Hopper,Alan Turing,Judge Reyes; Judge Okafor';
const file = (...rows: string[]) => [HEADER, ...rows].join('\n');

function read(text: string | Uint8Array) {
  const parsed = parseCsv(text);
  return 'schedule' in parsed ? parsed.schedule.rounds : expect.fail(JSON.stringify(parsed.faults));
}
function faultsOf(text: string | Uint8Array): string[] {
  const parsed = parseCsv(text);
  return 'faults' in parsed ? parsed.faults.map(({ line, column, detail }) => `${line} ${column}: ${detail}`) : [];
}

describe('a spreadsheet', () => {
  test('is rounds of matches with their people, the first of the panel in the chair', () => {
    const [round] = read(file(ROW));
    expect(round).toMatchObject({ seq: 2, name: 'Round 2', draw_status: 'R', silent: false });
    expect(round!.debates).toEqual([
      {
        id: '7',
        title: 'Meridian v. Harbour',
        teams: [
          {
            side: 'petitioner',
            id: expect.stringMatching(/^[0-9a-f]{32}$/),
            name: 'Ada Lovelace, Grace Hopper',
            speakers: [
              { id: 'ada lovelace', name: 'Ada Lovelace' },
              { id: 'grace hopper', name: 'Grace Hopper' },
            ],
          },
          expect.objectContaining({ side: 'respondent', name: 'Alan Turing' }),
        ],
        panel: [
          { id: 'judge reyes', name: 'Judge Reyes', place: 'chair' },
          { id: 'judge okafor', name: 'Judge Okafor', place: 'panellist' },
        ],
        venue: { id: 'Courtroom 1', name: 'Courtroom 1' },
        sides_confirmed: true,
        result: 'none',
        starts_at: '2027-03-01T08:30:00.000Z',
      },
    ]);
  });

  test('may have its columns in any order, a byte order mark, CRLF, quotes and empty lines', () => {
    const shuffled = `\ufeff${[...CSV_COLUMNS].reverse().join(',')}\r\n`;
    const row =
      '"Judge ""Iron"" Reyes",Alan Turing,Ada,2027-03-01T08:30Z,"Room 1, left","A v. B,\nin the appeal",1,x\r\n';
    const [round] = read(`${shuffled}\r\n${row},,,,,,,\r\n`);
    expect(round!.debates).toHaveLength(1);
    expect(round!.debates[0]).toMatchObject({
      ...{ id: 'x', title: 'A v. B, in the appeal', venue: { name: 'Room 1, left' } },
      panel: [{ name: 'Judge "Iron" Reyes' }],
    });
  });

  test('has its rounds in their order, and its matches in theirs', () => {
    const rows = [10, 2, 10].map((round, i) => ROW.replace('7,2', `m${i},${round}`));
    expect(read(file(...rows)).map(({ seq, debates }) => [seq, debates.map(({ id }) => id)])).toEqual([
      [2, ['m1']],
      [10, ['m0', 'm2']],
    ]);
  });

  test('may lack titles, rooms, times and panels: an import lists what it leaves', () => {
    expect(read(file('a,1,,,,Ada,Alan,'))[0]!.debates[0]).toMatchObject({
      title: null,
      venue: null,
      starts_at: null,
      panel: [],
    });
  });

  test('knows a team by its people, whatever their order and capitals', () => {
    const teams = ['Ada;Grace', 'grace; ADA', 'Ada'].map(
      (people, i) => read(file(`m${i},1,,,,${people},Alan,`))[0]!.debates[0]!.teams[0]!.id,
    );
    expect(teams[0]).toBe(teams[1]);
    expect(teams[0]).not.toBe(teams[2]);
  });
});

describe('what is wrong with a spreadsheet', () => {
  test('is said of all its rows at once', () => {
    const text = file(
      ...[
        ROW,
        ROW,
        ROW.replace('7,2', ',0'),
        ROW.replace('7,2', '8,one'),
        ROW.replace('7,2', '9,1').replace('+01:00', ''),
      ],
      ...[
        ROW.replace('7,2', '10,1').replace('2027-03-01T09:30+01:00', 'tomorrow'),
        'a,1,,,,,Alan,',
        'b,1,,,,Ada,Alan,Ada',
        'c,1,too,few',
      ],
    );
    expect(faultsOf(text)).toEqual([
      '10 null: has 4 cells, and the header has 8',
      '3 id: stands in the file twice',
      '4 id: must name the match, and the same one whenever the file is uploaded',
      '4 round: must be a whole number from 1 to 999',
      '5 round: must be a whole number from 1 to 999',
      '6 scheduled_at: lacks its zone: 2027-03-01T09:30+01:00',
      '7 scheduled_at: must be a time such as 2027-03-01T09:30+01:00',
      '8 petitioner: names nobody',
      '9 panel: names a person who stands in the row twice',
    ]);
  });

  test('is said in words where its columns are separated by something else', () => {
    for (const separator of [';', '\t'])
      expect(faultsOf(file(ROW).replaceAll(',', separator))).toEqual([
        '1 null: has its columns separated by semicolons or tabs: save it with commas between them',
      ]);
  });

  test('is said where it is not in UTF-8', () => {
    const said = ['1 null: is not in UTF-8: save it as “CSV UTF-8”'];
    expect(faultsOf(Buffer.from(`\ufeff${file(ROW)}`, 'utf16le'))).toEqual(said);
    expect(faultsOf(Buffer.from(file(ROW.replace('Ada', 'Zoë')), 'latin1'))).toEqual(said);
    expect(faultsOf(Buffer.from(file(ROW)))).toEqual([]);
  });

  test('is said of the header: a column that is missing, twice, or of another name', () => {
    expect(faultsOf(`${HEADER.replace('panel', 'judges')}\n${ROW}`)).toEqual([
      '1 panel: must be in the header once',
      `1 null: the header must be ${HEADER} and nothing else`,
    ]);
    expect(faultsOf(`${HEADER},id\n${ROW},1`)).toEqual(['1 id: must be in the header once']);
  });

  test('is said where there is no match, no header, or a quote that is not closed', () => {
    expect(faultsOf(HEADER)).toEqual(['1 null: holds no match']);
    expect(faultsOf('')).toEqual(['1 null: holds no match']);
    expect(faultsOf(file(`"${ROW}`))[0]).toContain('has a quote that is not closed');
    expect(faultsOf(file(`a"b${ROW}`))[0]).toContain('quote');
  });

  test('is said where it is too large: too many matches, too long a row, too many people', () => {
    expect(faultsOf(file(...Array.from({ length: 2_001 }, (_, i) => `m${i},1,,,,Ada,Alan,`)))).toEqual([
      '1 null: holds more than 2000 matches',
    ]);
    expect(faultsOf(file(`a,1,${'x'.repeat(40_000)},,,Ada,Alan,`))[0]).toContain('is too long a row');
    const crowd = Array.from({ length: 21 }, (_, i) => `P${i}`).join(';');
    expect(faultsOf(file(`a,1,,,,${crowd},Alan,`))).toEqual(['2 petitioner: names more than 20 people']);
  });

  test('ends after fifty faults', () => {
    expect(faultsOf(file(...Array.from({ length: 200 }, (_, i) => `m${i},x,,,,Ada,Alan,`)))).toHaveLength(50);
  });
});

test('a file that stands under the base URL is fetched, one round of it or all', async () => {
  const text = file(ROW, ROW.replace('7,2', '8,3'));
  const get = async (_: string, reading: (text: string) => unknown) => ({ value: reading(text), unchanged: false });
  const site = { outbound: { get } } as never;
  expect((await csv.fetchSchedule(site)).rounds.map(({ seq }) => seq)).toEqual([2, 3]);
  expect((await csv.fetchSchedule(site, 3)).rounds.map(({ seq }) => seq)).toEqual([3]);
  const broken = { outbound: { get: (_: string, reading: (text: string) => unknown) => reading('nonsense') } } as never;
  await expect(csv.fetchSchedule(broken)).rejects.toMatchObject({ code: 'unreadable' });
});
