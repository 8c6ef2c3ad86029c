/** Recordings are added from the start of a session on, also after its end, each once. */
import { expect, test } from 'vitest';
import { addRecording, assignmentRecordingAdded } from '../../../src/court/recordings/addRecording.ts';
import { sessionCompleted } from '../../../src/court/sessions/completeSession.ts';
import { given, NOW } from '../../support/given.ts';
import { admin, outsideJudge, presiding, SESSION, sessionThatIs, started } from '../../support/matchFixture.ts';

const ID = '018f3c1e-7b2a-7c11-9d0e-000000100000';
const url = 'https://recordings.example/r/2';
const added = (changes: object = {}) =>
  assignmentRecordingAdded({ recording_id: ID, session_id: SESSION, url, title: null, ...changes });

test.each(['active', 'paused', 'completed'] as const)('a session that is %s gets a recording', (status) => {
  const { result, rows } = given(...sessionThatIs[status])
    .when(addRecording, { url, title: 'Camera 2' }, presiding, { id: ID })
    .then(added({ title: 'Camera 2' }))!;
  const facts = { id: ID, session_id: SESSION, url, title: 'Camera 2', added_by: presiding.id, added_at: NOW };
  expect(result).toEqual(facts);
  expect(rows.map(({ stream }) => stream.split(':')[0])).toEqual(['assignment']);
});

test('what has not begun has no recording, and outsiders add none', () => {
  given(...sessionThatIs.pending)
    .when(addRecording, { url }, admin)
    .then('session_not_active');
  given(...sessionThatIs.active)
    .when(addRecording, { url }, outsideJudge)
    .then('not_on_panel');
});

test('each is listed once, the session’s own included', () => {
  given(...sessionThatIs.active, added())
    .when(addRecording, { url }, admin)
    .then('recording_exists');
  const completed = sessionCompleted({ event_count: 3, state_digest: '0'.repeat(64), recording_url: url });
  given(...sessionThatIs.active.slice(0, 2), started, completed)
    .when(addRecording, { url }, admin)
    .then('recording_exists');
});

test('there are at most a hundred', () => {
  const many = (n: number) => Array.from({ length: n }, (_, i) => added({ recording_id: idOf(i), url: `${url}/${i}` }));
  const idOf = (i: number) => `018f3c1e-7b2a-7c11-9d0e-${String(i).padStart(12, '0')}`;
  given(...sessionThatIs.active, ...many(99))
    .when(addRecording, { url }, admin, { id: ID })
    .then(added());
  given(...sessionThatIs.active, ...many(100))
    .when(addRecording, { url }, admin)
    .then('recording_limit', { limit: 100 });
});

test('only an https address of at most 2,048 characters is one, and it holds no password', () => {
  const fits = (text: string) => addRecording.body.safeParse({ url: text }).success;
  expect(fits(url)).toBe(true);
  expect(fits(`https://a.example/${'x'.repeat(2_048 - 18)}`)).toBe(true);
  expect(fits(`https://a.example/${'x'.repeat(2_049 - 18)}`)).toBe(false);
  for (const wrong of ['http://a.example/', 'javascript:alert(1)', 'https:/a', 'HTTPS://a.example/', '/r/2', ''])
    expect(fits(wrong), wrong).toBe(false);
  for (const wide of ['https://a.example/ü', `https://a.example/${'語'.repeat(2_000)}`, 'https://a.example/a b'])
    expect(fits(wide), wide).toBe(false);
  expect(fits('https://a.example/%E8%AA%9E?a=b#c')).toBe(true);
  expect(fits('https://clerk:secret@a.example/')).toBe(false);
  expect(fits('https://clerk@a.example/')).toBe(false);
});
