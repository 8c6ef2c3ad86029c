/** A person follows a session, a match or a team, up to a number of them; nothing of it is recorded. */
import { describe, expect, test } from 'vitest';
import { follow } from '../../../src/notices/follows/follow.ts';
import { MOST_FOLLOWED } from '../../../src/notices/follows/followed.ts';
import { given, NOW } from '../../support/given.ts';
import { presiding, SESSION } from '../../support/matchFixture.ts';

const kept = { owner: presiding.id };
const when = (body: object, subjects: [string, boolean][] = []) =>
  given().when(follow, body, presiding, { kept, fact: new Map(subjects) });

describe('following', () => {
  test('is a row, with what the person was', () => {
    const { rows, writes, result } = when({ session_id: SESSION }).then()!;
    expect(rows).toEqual([]);
    expect(result).toEqual({ id: presiding.id, session_id: SESSION, team: null, match_id: null, following: true });
    expect(writes).toEqual([
      {
        ...{ table: 'follows', key: { user_id: presiding.id, subject: `session:${SESSION}` }, insert: true },
        set: {
          ...{ role: presiding.role, institution_id: presiding.institution_id },
          ...{ followed_at: NOW, ended_at: null },
        },
      },
    ]);
  });

  test('a second time changes nothing, and begins anew where it was ended', () => {
    expect(when({ team: 'Harbour' }, [['team:harbour', true]]).then()!.writes).toEqual([]);
    expect(when({ team: ' HARBOUR ' }, [['team:harbour', false]]).then()!.writes).toMatchObject([
      { key: { subject: 'team:harbour' }, insert: false, set: { ended_at: null } },
    ]);
  });

  test('of more than two hundred at once is refused; what is over is not counted', () => {
    const many = Array.from({ length: MOST_FOLLOWED }, (_, i): [string, boolean] => [`team:${i}`, true]);
    when({ team: 'Harbour' }, many).then('too_many_followed');
    expect(when({ team: '7' }, many).then()!.writes).toEqual([]);
    expect(when({ team: 'Harbour' }, [...many.slice(1), ['team:0', false]]).then()!.writes).toHaveLength(1);
  });

  test.each([{}, { session_id: 'mine' }, { team: '' }, { session_id: SESSION, team: 'Harbour' }, { user_id: SESSION }])(
    '%j names nothing to follow',
    (body) => {
      expect(follow.body.safeParse(body).success).toBe(false);
    },
  );
});
