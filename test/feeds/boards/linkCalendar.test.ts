/** The link of a person's calendar: one, with an end, and by a hash. */
import { expect, test } from 'vitest';
import type { IssueLink } from '../../../src/core/definitions/command.ts';
import { calendarLinked, linkCalendar } from '../../../src/feeds/boards/linkCalendar.ts';
import { given, NOW } from '../../support/given.ts';
import { admin, INSTITUTION, presiding } from '../../support/matchFixture.ts';

const [one, other] = ['ab', 'cd'].map((pair) => pair.repeat(32)) as [string, string];
const COMMAND = '018f3c1e-1111-7111-8111-111111113333';
const IN_180_DAYS = '2027-05-20T12:00:00.000Z';
const linked = (secret_hash: string) =>
  calendarLinked({ institution_id: INSTITUTION, secret_hash, expires_at: IN_180_DAYS });
/** What the door gives the input besides. */
const keptOf = (secret_hash: string) => ({ owner: presiding.id, secret_hash });

test('a person has a link for half a year, and a new one takes the place of the one before', () => {
  const { result } = given()
    .when(linkCalendar, {}, presiding, { kept: keptOf(one) })
    .then(linked(one))!;
  expect(result).toEqual({ id: presiding.id, created_at: NOW, expires_at: IN_180_DAYS, link: null, secret_hash: one });
  const again = given(linked(one))
    .when(linkCalendar, {}, presiding, { kept: keptOf(other) })
    .then(linked(other))!;
  expect(again.states.calendar).toMatchObject({ secret_hash: other });
});

test('the link is for the own calendar alone', async () => {
  const ownerFor = (actor: typeof presiding) =>
    linkCalendar.ownerOf!({
      ...{ db: {} as never, actor, from: {} as never, installation: '' },
      input: { user_id: presiding.id } as never,
    });
  expect(await ownerFor(presiding)).toBe(presiding.id);
  expect(await ownerFor(admin)).toBeUndefined();
});

test('its ticket stands in the link of the answer', () => {
  const asked: object[] = [];
  const issue = ({ path, ...link }: Parameters<IssueLink>[0]) => {
    asked.push(link);
    return path('secret');
  };
  const command = { id: COMMAND, input: { user_id: presiding.id, ...keptOf(one) } as never, actor: presiding };
  const answer = linkCalendar.answer!({ id: presiding.id, link: null, secret_hash: one }, command, () => '', issue);
  expect(asked).toEqual([{ id: COMMAND, secret_hash: one }]);
  expect(answer).toEqual({ id: presiding.id, link: `/api/person/${presiding.id}/calendar.ics?ticket=secret` });
});
