/** Notices over HTTP: what is followed is told of, once, to those who may see it; admins are told as such; nobody reads another's. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  assignmentBody,
  type Cast,
  cast,
  get,
  must,
  openSession,
  type Person,
  person,
  post,
} from '../support/client.ts';
import { isLeftOut, type Stack, startStack } from '../support/stack.ts';

describe.skipIf(isLeftOut)('notices', () => {
  let stack: Stack;
  let people: Cast;
  let session: { session_id: string; assignment_id: string; path: string };

  beforeAll(async () => {
    stack = await startStack();
  });
  afterAll(() => stack?.stop());
  beforeEach(async () => {
    people = cast();
    session = await openSession(stack.url, people);
  });

  const follow = (who: Person, body: object) => post(stack.url, '/follow', who, body);
  const list = async (who: Person, query = '') => (await must(get(stack.url, `/notifications${query}`, who))).items;
  const kindsOf = async (who: Person) => (await list(who)).map(({ kind }: { kind: string }) => kind);
  const prefer = (who: Person, body: object) => must(post(stack.url, '/notifications/preferences', who, body));
  const complete = () => must(post(stack.url, `${session.path}/complete`, people.presiding, { skip_turns: true }));
  const soon = { timeout: 20_000 };

  test('tell followers of a session of its result, once however many ways they follow it, and nobody else', async () => {
    const { student, bailiff } = people;
    for (const body of [{ session_id: session.session_id }, { match_id: session.assignment_id }]) {
      expect((await must(follow(student, body))).result).toMatchObject({ id: student.id, following: true });
    }
    await must(follow(bailiff, { session_id: session.session_id }));
    await must(post(stack.url, '/unfollow', bailiff, { session_id: session.session_id }));
    await complete();
    await expect.poll(() => kindsOf(student), soon).toEqual(['result']);
    const [notice] = await list(student);
    expect(notice).toEqual({
      ...{ id: expect.any(String), kind: 'result', text: expect.stringContaining('is completed') },
      ...{ created_at: expect.any(String), read_at: null },
    });
    expect(await list(bailiff)).toEqual([]);
  });

  test('are read once, by whom they are for, and are not there for anybody else', async () => {
    await must(follow(people.student, { session_id: session.session_id }));
    await complete();
    await expect.poll(() => kindsOf(people.student), soon).toEqual(['result']);
    const [{ id }] = await list(people.student);
    const read = (who: Person | null, which = id) => post(stack.url, `/notifications/${which}/read`, who);
    for (const who of [people.bailiff, people.admin, person('super_admin')]) {
      expect(await read(who)).toMatchObject({ status: 404, body: { code: 'not_found' } });
    }
    expect(await read(people.student, randomUUID())).toMatchObject({ status: 404 });
    expect(await read(people.student, 'mine')).toMatchObject({ status: 404 });
    expect(await read(null)).toMatchObject({ status: 401 });
    const first = await must(read(people.student));
    expect(first).toMatchObject({ id, read_at: expect.any(String) });
    expect(await must(read(people.student))).toEqual(first);
    expect(await list(people.student)).toEqual([first]);
  });

  test('are not of kinds that were switched off', async () => {
    const { student } = people;
    const unset = await must(get(stack.url, '/notifications/preferences', student));
    expect(unset).toMatchObject({ id: student.id, result: true, quiet_hours: null, changed_at: null });
    const { result } = await prefer(student, { result: false, quiet_hours: { from: 22, to: 7 } });
    expect(result).toMatchObject({ start: true, result: false, quiet_hours: { from: 22, to: 7 } });
    expect(await must(get(stack.url, '/notifications/preferences', student))).toEqual(result);
    for (const who of [student, people.bailiff]) await must(follow(who, { session_id: session.session_id }));
    await complete();
    await expect.poll(() => kindsOf(people.bailiff), soon).toEqual(['result']);
    expect(await list(student)).toEqual([]);
    expect((await prefer(student, { result: true })).result).toMatchObject({ result: true, start: true });
  });

  test('tell the people of a match that it has moved, and that a judge was replaced', async () => {
    const waiting = await must(post(stack.url, '/api/assignment/create', people.admin, assignmentOf(people)));
    const path = `/api/assignment/${waiting.result.id}`;
    await must(post(stack.url, `${path}/update`, people.admin, { courtroom: 'Hall C' }));
    await expect.poll(() => kindsOf(people.petitioner), soon).toEqual(['room']);
    expect((await list(people.presiding))[0].text).toContain('Hall C');
    const replacement = { user_id: randomUUID(), name: 'Wilhelmina Oakes' };
    await must(post(stack.url, `${path}/substitute`, people.admin, { user_id: people.judge.id, replacement }));
    await expect.poll(() => kindsOf(people.judge), soon).toEqual(['room', 'room']);
    const told = person('judge', { id: replacement.user_id, institution_id: people.institution_id });
    const [{ text }] = await list(told);
    expect(text).toContain('judge');
    expect(text).not.toContain('Oakes');
  });

  test('tell a person of a device that was not seen before', async () => {
    const { student } = people;
    const from = (agent: string) => must(get(stack.url, '/auth/sessions', student, { 'user-agent': agent }));
    await from('Browser A');
    const devices = async () => (await from('Browser A')).items[0]?.devices.length;
    await expect.poll(devices, soon).toBe(1);
    expect(await list(student)).toEqual([]);
    await from('Browser B');
    await expect.poll(() => kindsOf(student), soon).toContain('device');
  });

  test('tell followers that it begins, and of each ruling', async () => {
    const waiting = await openSession(stack.url, people, { start: false });
    await must(follow(people.student, { session_id: waiting.session_id }));
    await must(post(stack.url, `${waiting.path}/start`, people.presiding));
    await expect.poll(() => kindsOf(people.student), soon).toContain('start');
    const act = async (verb: string, body: object, who = people.presiding) =>
      (await must(post(stack.url, `${waiting.path}/${verb}`, who, body))).result;
    const { items } = await must(get(stack.url, `${waiting.path}/turns`, people.admin));
    const turn_id = items[0].id as string;
    await act('turn/start', { turn_id, speaker_id: people.petitioner.id });
    const objecting = { turn_id, ground: 'procedural', reason: 'Not so fast.' };
    const { id: objection_id } = await act('objection/raise', objecting, people.respondent);
    await act('objection/rule', { objection_id, decision: 'overruled', ruling: 'Go on.' });
    await expect.poll(() => kindsOf(people.student), soon).toContain('ruling');
  });

  test('of what is out of scope are not to be had by following', async () => {
    const stranger = person('judge', { institution_id: randomUUID() });
    for (const body of [{ session_id: session.session_id }, { match_id: session.assignment_id }]) {
      const { status, body: problem } = await follow(stranger, body);
      expect([status, problem.code]).toEqual([404, 'not_found']);
      const nothing = await follow(stranger, { session_id: randomUUID() });
      expect(nothing.body.detail).toBe(problem.detail);
    }
  });

  test('for admins are for the institution, and each reads them alone', async () => {
    const { institution_id } = people;
    await stack.pool.query(
      `insert into notices (id, audience, kind, key, text)
       values ($1, $2, 'notice', 'one', 'For admins.'), ($3, 'super_admins', 'notice', $4, 'For operators.')`,
      [randomUUID(), `admins:${institution_id}`, randomUUID(), randomUUID()],
    );
    const other = person('admin', { institution_id });
    const [notice] = await list(people.admin);
    expect(notice).toMatchObject({ kind: 'notice', text: 'For admins.' });
    await must(post(stack.url, `/notifications/${notice.id}/read`, people.admin));
    expect((await list(other))[0].read_at).toBeNull();
    expect(await list(people.presiding)).toEqual([]);
    expect(await list(person('admin', { institution_id: randomUUID() }))).toEqual([]);
    const operators = await list(person('super_admin'));
    expect(operators.map(({ text }: { text: string }) => text)).toContain('For operators.');
    expect(operators.map(({ text }: { text: string }) => text)).not.toContain('For admins.');
  });

  test('come in pages, the newest first', async () => {
    const { student } = people;
    await stack.pool.query(
      `insert into notices (id, audience, kind, key, text, created_at)
       select gen_random_uuid(), $1, 'notice', n, n, now() - n * interval '1 minute' from generate_series(1, 5) n`,
      [`user:${student.id}`],
    );
    const first = await must(get(stack.url, '/notifications?limit=3', student));
    const second = await must(get(stack.url, `/notifications?limit=3&cursor=${first.next_cursor}`, student));
    const texts = [...first.items, ...second.items].map(({ text }: { text: string }) => text);
    expect(texts).toEqual(['1', '2', '3', '4', '5']);
    expect(second.next_cursor).toBeNull();
  });
});

const assignmentOf = (people: Cast) => assignmentBody(people, { courtroom: 'Hall A' });
