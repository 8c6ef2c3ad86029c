/** A match is scheduled whole or not at all: sides, a panel with one presiding judge, everybody once. */
import { expect, test } from 'vitest';
import { assignmentCreated, createAssignment } from '../../../src/court/assignments/createAssignment.ts';
import { given } from '../../support/given.ts';
import {
  admin,
  bailiff,
  INSTITUTION,
  judge,
  match,
  petitioner,
  presiding,
  superAdmin,
} from '../../support/matchFixture.ts';

const OTHER = '018f3c1e-7b2a-7c11-9d0e-0000000000ff';
const unmarked = (...people: { id: string }[]) => people.map(({ id }, i) => ({ user_id: id, name: `Judge ${i}` }));
const created = (changes: object) => assignmentCreated({ ...match, institution_id: INSTITUTION, ...changes } as never);

const NO_SCOPE = null as never;

test('a match is scheduled with its roster, and the answer is the assignment', () => {
  const verdict = given().when(createAssignment, match, admin).then(created({}));
  const { id, ...rest } = verdict!.result;
  expect(rest).toEqual({
    ...{ ...match, institution_id: INSTITUTION, session_id: null, created_at: expect.any(String) },
    ...{ cancelled_at: null, cancel_reason: null, moderators_run: false },
    ...{ gallery: 'off', gallery_moderation: 'after' },
    warnings: [{ code: 'in_the_past', scheduled_at: match.scheduled_at }],
  });
  expect(verdict!.rows[0]!.stream).toBe(`assignment:${id}`);
});

test('the first judge of the panel presides where none says so', () => {
  const panel = unmarked(judge, presiding);
  const [first, second] = panel;
  given()
    .when(createAssignment, { ...match, panel }, admin)
    .then(
      created({
        panel: [
          { ...first, presiding: true },
          { ...second, presiding: false },
        ],
      }),
    );
});

test('whoever says so presides, wherever they sit', () => {
  const [first, second] = unmarked(judge, presiding);
  given()
    .when(createAssignment, { ...match, panel: [first, { ...second, presiding: true }] }, admin)
    .then(
      created({
        panel: [
          { ...first, presiding: false },
          { ...second, presiding: true },
        ],
      }),
    );
});

test('format, moderators and the own institution need not be named', () => {
  const { format: _, moderators: __, ...rest } = match;
  given()
    .when(createAssignment, rest, admin)
    .then(created({ format: 'moot-20', moderators: [] }));
});

test('a super_admin schedules in the institution that is named', () => {
  given()
    .when(createAssignment, { ...match, institution_id: OTHER }, superAdmin)
    .then(created({ institution_id: OTHER }));
});

test('ids are lowered and instants kept in UTC with milliseconds', () => {
  const shouted = [{ user_id: petitioner.id.toUpperCase(), name: 'Ada Petrova' }];
  given()
    .when(createAssignment, { ...match, petitioner: shouted, scheduled_at: '2026-11-21T12:00:00+02:00' }, admin)
    .then(created({}));
});

const twice = [{ user_id: bailiff.id, name: 'Once' }];
const REFUSED: [why: string, changes: object, pointer: (string | number)[]][] = [
  ['nobody pleads for the petitioner', { petitioner: [] }, ['petitioner']],
  ['nobody pleads for the respondent', { respondent: [] }, ['respondent']],
  ['nobody judges', { panel: [] }, ['panel']],
  ['two preside', { panel: unmarked(judge, presiding).map((one) => ({ ...one, presiding: true })) }, ['panel']],
  ['somebody stands on the roster twice', { petitioner: twice }, ['moderators', 0, 'user_id']],
  ['the format is none of ours', { format: 'karaoke' }, ['format']],
  ['the visibility is none of ours', { visibility: 'secret' }, ['visibility']],
  ['the time is no instant', { scheduled_at: 'tomorrow' }, ['scheduled_at']],
  ['the time has no offset', { scheduled_at: '2026-11-21T10:00:00' }, ['scheduled_at']],
  ['the title is empty', { title: '' }, ['title']],
];

test.each(REFUSED)('the schema refuses it where %s', (_, changes, path) => {
  const { error } = createAssignment.body.safeParse({ ...match, ...changes });
  expect(error?.issues.map((issue) => issue.path)).toContainEqual(path);
});

test('a super_admin who names no institution is told so', () => {
  const input = createAssignment.body.parse(match) as never;
  expect(createAssignment.faults!(input, superAdmin)).toMatchObject([{ pointer: '/institution_id' }]);
  expect(createAssignment.faults!(input, admin)).toEqual([]);
});

test('an admin schedules in no institution but the own', () => {
  const asked = (institution_id: string) => createAssignment.body.parse({ ...match, institution_id }) as never;
  expect(createAssignment.admits!(admin, NO_SCOPE, asked(OTHER))).toBe(false);
  expect(createAssignment.admits!(admin, NO_SCOPE, asked(INSTITUTION))).toBe(true);
  expect(createAssignment.admits!(superAdmin, NO_SCOPE, asked(OTHER))).toBe(true);
});

test('that its moderators run it is recorded where it is said, and shown', () => {
  const verdict = given()
    .when(createAssignment, { ...match, moderators_run: true }, admin)
    .then(created({ moderators_run: true }));
  expect(verdict!.result).toMatchObject({ moderators_run: true });
  given()
    .when(createAssignment, { ...match, moderators_run: false }, admin)
    .then(created({}));
});

test('a gallery is recorded where it is not off; what a public audience says is read first unless it is said otherwise', () => {
  const shown = (body: object, recorded: object) => {
    const { result } = given()
      .when(createAssignment, { ...match, ...body }, admin)
      .then(created(recorded))!;
    return [result.gallery, result.gallery_moderation];
  };
  expect(shown({ gallery: 'off' }, {})).toEqual(['off', 'after']);
  expect(shown({ gallery: 'breaks' }, { gallery: 'breaks' })).toEqual(['breaks', 'after']);
  const visibility = 'public';
  expect(shown({ visibility }, { visibility })).toEqual(['off', 'before']);
  const said = { visibility, gallery: 'always', gallery_moderation: 'after' };
  expect(shown(said, said)).toEqual(['always', 'after']);
});
