/** The evening's list: what is on, where and when, the own institution's first; and each filter of it. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { assignmentBody, type Cast, cast, get, type Json, must, type Person, person, post } from '../support/client.ts';
import { isLeftOut, type Stack, startStack } from '../support/stack.ts';

describe.skipIf(isLeftOut)('the list of an evening', () => {
  let stack: Stack;
  let own: Cast;
  let elsewhere: Cast;
  const ids: Record<string, string> = {};

  async function schedule(name: string, people: Cast, changes: object): Promise<void> {
    const body = assignmentBody(people, { title: name, ...changes });
    ids[name] = (await must(post(stack.url, '/api/assignment/create', people.admin, body))).result.id;
  }
  async function openIt(name: string, people: Cast, ...verbs: string[]): Promise<void> {
    const { result } = await must(post(stack.url, '/api/session/create', people.admin, { assignment_id: ids[name]! }));
    for (const verb of verbs) await must(post(stack.url, `/api/session/${result.id}/${verb}`, people.admin));
  }
  const at = (hour: number, day = 1) => `2027-03-0${day}T${hour}:00:00.000Z`;

  beforeAll(async () => {
    stack = await startStack();
    own = cast();
    elsewhere = cast();
    await schedule('late', own, { scheduled_at: at(20), courtroom: 'Blue', visibility: 'institution' });
    await schedule('early', own, { scheduled_at: at(18), courtroom: 'Red', visibility: 'private' });
    await schedule('next day', own, { scheduled_at: at(10, 2), courtroom: 'Blue', visibility: 'public' });
    await schedule('abroad', elsewhere, { scheduled_at: at(10), courtroom: 'Abroad 1', visibility: 'public' });
    await schedule('hidden', elsewhere, { scheduled_at: at(11), courtroom: 'Abroad 1', visibility: 'institution' });
    await schedule('called off', own, { scheduled_at: at(22), courtroom: 'Red', visibility: 'institution' });
    await openIt('late', own, 'start');
    await openIt('next day', own);
    await openIt('abroad', elsewhere, 'start', 'complete');
    await must(post(stack.url, `/api/assignment/${ids['called off']}/cancel`, own.admin, { reason: 'Snow.' }));
  });

  afterAll(() => stack.stop());

  /** Titles of our matches in the order of the list, page by page. */
  async function listed(who: Person, query = '', of = 'assignment', limit = 200): Promise<string[]> {
    const titles: string[] = [];
    for (let cursor: string | null = ''; cursor !== null; ) {
      const path = `/api/${of}/list?limit=${limit}${query && `&${query}`}${cursor && `&cursor=${cursor}`}`;
      const page: Json = await must(get(stack.url, path, who));
      titles.push(...page.items.map(({ title }: Json) => title));
      cursor = page.next_cursor;
    }
    return titles.filter((title) => title in ids);
  }

  test('is of the own institution first, each part by time, whatever the length of its pages', async () => {
    const all = ['early', 'late', 'called off', 'next day', 'abroad'];
    expect(await listed(own.admin)).toEqual(all);
    expect(await listed(own.admin, '', 'assignment', 2)).toEqual(all);
    expect(await listed(elsewhere.admin)).toEqual(['abroad', 'hidden', 'next day']);
    expect(await listed(own.student)).toEqual(['late', 'called off', 'next day', 'abroad']);
    expect(await listed(own.judge)).toEqual(all);
    expect(await listed(person('super_admin'), 'day=2027-03-01')).toEqual([
      ...['abroad', 'hidden', 'early', 'late', 'called off'],
    ]);
  });

  test('has sessions with the time of their match', async () => {
    expect(await listed(own.admin, '', 'session', 1)).toEqual(['late', 'next day', 'abroad']);
    const { items } = await must(get(stack.url, '/api/session/list?limit=1', own.admin));
    expect(items[0]).toMatchObject({ title: 'late', status: 'active', scheduled_at: at(20) });
    expect(await listed(own.admin, 'status=pending', 'session')).toEqual(['next day']);
    expect(await listed(own.admin, 'status=completed&state=completed', 'session')).toEqual(['abroad']);
  });

  test.each([
    ['state=scheduled', ['early']],
    ['state=pending', ['next day']],
    ['state=active', ['late']],
    ['state=paused', []],
    ['state=completed', ['abroad']],
    ['state=cancelled', ['called off']],
    ['day=2027-03-02', ['next day']],
    ['day=2027-03-01&courtroom=Blue', ['late']],
    ['day=2027-03-01&time_zone=America/New_York', ['early', 'late', 'called off', 'abroad']],
    ['day=2027-03-02&time_zone=Asia/Tokyo', ['early', 'late', 'called off', 'next day']],
    ['day=2027-03-02&time_zone=Pacific/Honolulu', ['next day']],
    ['day=2027-03-01&time_zone=Pacific/Kiritimati', []],
    ['time_zone=Asia/Tokyo&courtroom=Blue', ['late', 'next day']],
    ['courtroom=Abroad%201', ['abroad']],
    ['courtroom=blue', []],
    ['mine=true', []],
    ['mine=false', ['early', 'late', 'called off', 'next day', 'abroad']],
  ])('is filtered by %s', async (query, titles) => {
    expect(await listed(own.admin, query)).toEqual(titles);
  });

  test('is filtered by person, and by the asker, as far as the asker sees', async () => {
    const mine = ['early', 'late', 'called off', 'next day'];
    expect(await listed(own.judge, 'mine=true')).toEqual(mine);
    expect(await listed(own.admin, `user_id=${own.judge.id}`)).toEqual(mine);
    expect(await listed(own.admin, `user_id=${own.judge.id}`, 'assignment', 1)).toEqual(mine);
    expect(await listed(elsewhere.student, `user_id=${own.judge.id}`)).toEqual(['next day']);
    expect(await listed(own.petitioner, `mine=true&user_id=${own.judge.id}`)).toEqual(mine);
    expect(await listed(own.petitioner, `mine=true&user_id=${randomUUID()}`)).toEqual([]);
  });

  test('says which filter was meant', async () => {
    const { body } = await get(stack.url, '/api/assignment/list?status=completed', own.admin);
    expect(body.detail).toBe('/status: unknown field; did you mean state?');
  });

  test.each([
    ...['state=open', 'day=tonight', 'day=2027-02-30', 'day=0000-01-01', 'day=9999-12-31', 'mine=1', 'user_id=me'],
    ...['status=active', 'cursor=abc', 'time_zone=Berlin', 'time_zone=%2B02:00', 'day=2027-03-01&time_zone='],
  ])('knows no %s', async (query) => {
    expect((await get(stack.url, `/api/assignment/list?${query}`, own.admin)).status).toBe(422);
  });
});
