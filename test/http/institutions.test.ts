/** What an admin sets for the institution: who may, and what it changes. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { assignmentBody, type Cast, cast, get, must, type Person, person, post } from '../support/client.ts';
import { isLeftOut, type Stack, startStack } from '../support/stack.ts';

describe.skipIf(isLeftOut)('the settings of an institution', () => {
  let stack: Stack;
  let people: Cast;
  const path = (id = people.admin.institution_id) => `/api/institution/${id}/settings`;
  const titles = async (who: Person, query: string) => {
    const { items } = await must(get(stack.url, `/api/assignment/list?${query}`, who));
    return items.map(({ title }: { title: string }) => title);
  };

  beforeAll(async () => {
    stack = await startStack();
    people = cast();
  });
  afterAll(() => stack.stop());

  test('are the defaults until something is set, and each stays until it is set again', async () => {
    const defaults = {
      ...{ id: people.admin.institution_id, time_zone: 'UTC', telemetry: false, policies: false },
      ...{ auto_terminate: false, auto_tune: false, guard_tells: true, gallery_names: true, changed_at: null },
    };
    expect(await must(get(stack.url, path(), people.admin))).toEqual(defaults);
    expect((await must(post(stack.url, path(), people.admin, {}))).result).toEqual(defaults);
    await must(post(stack.url, path(), people.admin, { guard_tells: false }));
    const { result } = await must(post(stack.url, path(), people.admin, { policies: true }));
    expect(result).toEqual({ ...defaults, guard_tells: false, policies: true, changed_at: expect.any(String) });
    expect(await must(get(stack.url, path(), people.admin))).toEqual(result);
    expect(await must(get(stack.url, path(), person('super_admin')))).toEqual(result);
  });

  test('are the own admins’ alone', async () => {
    const stranger = person('admin', { institution_id: randomUUID() });
    for (const ask of [get(stack.url, path(), stranger), post(stack.url, path(), stranger, { telemetry: true })]) {
      expect(await ask).toMatchObject({ status: 404, body: { code: 'not_found' } });
    }
    for (const ask of [get(stack.url, path(), people.judge), post(stack.url, path(), people.judge, {})]) {
      expect(await ask).toMatchObject({ status: 403, body: { code: 'forbidden' } });
    }
    expect(await get(stack.url, path('me'), people.admin)).toMatchObject({ status: 404 });
  });

  test('say where a day begins for everybody of the institution that names no zone', async () => {
    const scheduled_at = '2027-05-01T23:30:00.000Z';
    await must(post(stack.url, '/api/assignment/create', people.admin, assignmentBody(people, { scheduled_at })));
    const [first] = await titles(people.admin, 'day=2027-05-01');
    expect(first).toBeDefined();
    await must(post(stack.url, path(), people.admin, { time_zone: 'Europe/Berlin' }));
    for (const who of [people.admin, people.judge]) {
      expect(await titles(who, 'day=2027-05-01')).toEqual([]);
      expect(await titles(who, 'day=2027-05-02')).toEqual([first]);
      expect(await titles(who, 'day=2027-05-01&time_zone=UTC')).toEqual([first]);
    }
    const elsewhere = person('super_admin');
    expect(await titles(elsewhere, 'day=2027-05-01')).toContain(first);
  });
});
