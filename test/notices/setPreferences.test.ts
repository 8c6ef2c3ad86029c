/** What a person wants to be told of is set flag by flag; nothing of it is recorded. */
import { describe, expect, test } from 'vitest';
import { isQuiet, unsetPreferences } from '../../src/notices/preferences.ts';
import { setPreferences } from '../../src/notices/setPreferences.ts';
import { given, NOW } from '../support/given.ts';
import { presiding } from '../support/matchFixture.ts';

const kept = { owner: presiding.id };
const known = { ...unsetPreferences(presiding.id), room: false, quiet_hours: { from: 22, to: 7 }, changed_at: NOW };
const when = (body: object, fact?: object) => given().when(setPreferences, body, presiding, { kept, fact }).then()!;

describe('preferences', () => {
  test('are a row with the first of them, in which all else is wanted', () => {
    const { rows, writes, result } = when({ ruling: false });
    expect(rows).toEqual([]);
    expect(result).toEqual({ ...unsetPreferences(presiding.id), ruling: false, changed_at: NOW });
    expect(writes).toMatchObject([
      {
        ...{ table: 'notice_preferences', key: { user_id: presiding.id }, insert: true },
        set: { start: true, ruling: false, room: true, quiet_from: null, institution_id: presiding.institution_id },
      },
    ]);
  });

  test('keep what is not named, and give up quiet hours where that is said', () => {
    const { writes, result } = when({ room: true }, known);
    expect(result).toMatchObject({ room: true, quiet_hours: { from: 22, to: 7 } });
    expect(writes).toMatchObject([{ insert: false, set: { room: true, quiet_from: 22, quiet_to: 7 } }]);
    expect(when({ quiet_hours: null }, known).writes).toMatchObject([{ set: { quiet_from: null, quiet_to: null } }]);
  });

  test.each([
    { start: 'yes' },
    { notice: false },
    { quiet_hours: { from: 7, to: 7 } },
    { quiet_hours: { from: 22, to: 24 } },
    { quiet_hours: { from: 22 } },
    { quiet_hours: { from: 21.5, to: 7 } },
  ])('%j is refused', (body) => {
    expect(setPreferences.body.safeParse(body).success).toBe(false);
  });
});

test.each([
  ['over midnight', { from: 22, to: 7 }, 'UTC', '2026-11-21T23:30:00Z', true],
  ['over midnight', { from: 22, to: 7 }, 'UTC', '2026-11-21T06:59:59Z', true],
  ['over midnight', { from: 22, to: 7 }, 'UTC', '2026-11-21T07:00:00Z', false],
  ['within a day', { from: 12, to: 14 }, 'UTC', '2026-11-21T13:00:00Z', true],
  ['within a day', { from: 12, to: 14 }, 'UTC', '2026-11-21T14:00:00Z', false],
  ['where it is another hour', { from: 22, to: 7 }, 'Asia/Tokyo', '2026-11-21T14:00:00Z', true],
  ['that nobody has set', null, 'UTC', '2026-11-21T23:30:00Z', false],
])('quiet hours %s', (_, hours, zone, at, quiet) => {
  expect(isQuiet(hours, zone, new Date(at))).toBe(quiet);
});
