/** What sheets must be, beyond the form of each field. */
import { expect, test } from 'vitest';
import { type Result, resultBody, sheetFaults } from '../../../src/feeds/results/sheets.ts';
import { RESULT } from '../../support/matchFixture.ts';

const team = (side: string, speaker: string, score: unknown = 75) => ({ side, speeches: [{ speaker, score }] });
const sheet = (adjudicator: unknown, ...teams: object[]) => ({
  adjudicator,
  teams: teams.length > 0 ? teams : [team('petitioner', '5001'), team('respondent', '5003')],
});
const faultsOf = (...sheets: object[]) =>
  sheetFaults(resultBody.parse({ sheets, confirm: false }) as Result).map(({ pointer }) => pointer);

test('one sheet of the whole panel, or one of each judge, with the same speakers in the same order', () => {
  expect(faultsOf(...RESULT.sheets)).toEqual([]);
  expect(faultsOf(sheet(null))).toEqual([]);
  expect(faultsOf(sheet('1'), sheet('2', team('respondent', '5003'), team('petitioner', '5001')))).toEqual([]);
});

test.each<[string, object[], string[]]>([
  ['two sheets of one judge', [sheet('1'), sheet('1')], ['/sheets/1/adjudicator']],
  ['a sheet of nobody beside others', [sheet('1'), sheet(null)], ['/sheets/1/adjudicator']],
  ['one side twice', [sheet('1', team('petitioner', '5001'), team('petitioner', '5003'))], ['/sheets/0/teams']],
  [
    'other speakers on the second sheet',
    [sheet('1'), sheet('2', team('petitioner', '5002'), team('respondent', '5003'))],
    ['/sheets/1/teams'],
  ],
])('%s is refused', (_, sheets, faults) => {
  expect(faultsOf(...sheets)).toEqual(faults);
});

test.each([
  { sheets: [] },
  { sheets: [sheet('judge')] },
  { sheets: [sheet('1', team('petitioner', '5001'))] },
  { sheets: [sheet('1', team('aff', '5001'), team('neg', '5003'))] },
  { sheets: [sheet('1', team('petitioner', 'Ada'), team('respondent', '5003'))] },
  { sheets: [sheet('1', team('petitioner', '5001', '75'), team('respondent', '5003'))] },
  { sheets: [sheet('1', team('petitioner', '5001', -1), team('respondent', '5003'))] },
  { sheets: [sheet('1', { side: 'petitioner', speeches: [] }, team('respondent', '5003'))] },
  { sheets: RESULT.sheets, confirm: 'yes' },
])('%j is no result', (changes) => {
  expect(resultBody.safeParse({ ...RESULT, ...changes }).success).toBe(false);
});
