/** What an admin sets for the institution is recorded once, and what is not named stays as it is. */
import { describe, expect, test } from 'vitest';
import { changeSettings, settingsChanged } from '../../src/institutions/changeSettings.ts';
import { DEFAULT_SETTINGS } from '../../src/institutions/institution.ts';
import { given } from '../support/given.ts';
import { admin, INSTITUTION } from '../support/matchFixture.ts';

test('what is set holds, beside the defaults of all else', () => {
  const verdict = given()
    .when(changeSettings, { time_zone: 'Europe/Berlin', gallery_names: false }, admin)
    .then(settingsChanged({ time_zone: 'Europe/Berlin', gallery_names: false }))!;
  const settings = { ...DEFAULT_SETTINGS, time_zone: 'Europe/Berlin', gallery_names: false };
  expect(verdict.result).toEqual({ id: INSTITUTION, ...settings, changed_at: expect.any(String) });
  expect(verdict.writes).toEqual([
    {
      table: 'institution_settings',
      key: { id: INSTITUTION },
      set: { ...settings, changed_at: expect.any(String) },
      insert: true,
    },
  ]);
});

test('what is as it was is not recorded again', () => {
  given().when(changeSettings, { time_zone: 'UTC', telemetry: false }, admin).then();
  given(settingsChanged({ time_zone: 'Asia/Tokyo' }))
    .when(changeSettings, { time_zone: 'Asia/Tokyo', policies: true }, admin)
    .then(settingsChanged({ policies: true }));
});

describe('what is no setting is refused', () => {
  test.each([
    { time_zone: 'Berlin' },
    { time_zone: '+01:00' },
    { time_zone: null },
    { telemetry: 'yes' },
    { auto_terminate: 1 },
    { colour: 'red' },
  ])('%j', (body) => {
    expect(changeSettings.body.safeParse(body).success).toBe(false);
  });
});
