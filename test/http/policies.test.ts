/** Policies over HTTP: who may, where they are switched on, and what is answered. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Cast, cast, get, type Json, must, type Person, person, post } from '../support/client.ts';
import { isLeftOut, type Stack, startStack } from '../support/stack.ts';

const RULE = { resource_type: 'turn.*', allowed_roles: ['admin', 'judge'], min_confidence: 60, step_up: false };

describe.skipIf(isLeftOut)('policies', () => {
  let stack: Stack;
  let people: Cast;

  const switchOn = (who: Person, policies = true) =>
    must(post(stack.url, `/api/institution/${who.institution_id}/settings`, who, { policies }));
  const create = async (who = people.admin, body: object = {}): Promise<Json> =>
    (await must(post(stack.url, '/policies/create', who, { rules: [RULE], ...body }))).result;
  const act = (verb: string, { id }: Json, body: object = {}, who = people.admin) =>
    post(stack.url, `/policies/${id}/${verb}`, who, body);
  const read = (path: string, who = people.admin) => get(stack.url, `/policies${path}`, who);

  beforeAll(async () => {
    stack = await startStack();
    people = cast();
    await switchOn(people.admin);
  });
  afterAll(() => stack?.stop());

  test('are refused where the institution has not switched them on, and again once it has switched them off', async () => {
    const { admin } = cast();
    const off = { status: 403, body: { code: 'feature_disabled' } };
    expect(await post(stack.url, '/policies/create', admin, { rules: [RULE] })).toMatchObject(off);
    expect(await read('', admin)).toMatchObject(off);
    await switchOn(admin);
    const policy = await create(admin);
    await switchOn(admin, false);
    for (const path of ['', `/${policy.id}`, `/${policy.id}/evolution`]) {
      expect(await read(path, admin)).toMatchObject(off);
    }
    expect(await act('change', policy, { rules: [RULE] }, admin)).toMatchObject(off);
    expect(await act('deactivate', policy, {}, admin)).toMatchObject(off);
  });

  test('are made with 201, are shown to the admins of their institution, and to nobody else', async () => {
    const answer = await post(stack.url, '/policies/create', people.admin, { name: 'Rounds', rules: [RULE] });
    expect(answer.status).toBe(201);
    const { result } = answer.body;
    expect(answer.headers.get('location')).toBe(`/policies/${result.id}`);
    expect(result).toMatchObject({ name: 'Rounds', rules: [RULE], version: 1, mode: 'observe', active: true });
    for (const who of [people.admin, person('super_admin')]) {
      expect(await must(read(`/${result.id}`, who))).toEqual(result);
    }
    expect(await read(`/${result.id}`, cast().admin)).toMatchObject({ status: 404 });
    expect(await read(`/${result.id}`, people.presiding)).toMatchObject({ status: 403, body: { code: 'forbidden' } });
  });

  test('are listed with the newest first, in pages', async () => {
    const { admin } = cast();
    await switchOn(admin);
    const made = [await create(admin, { name: 'One' }), await create(admin, { name: 'Two' })];
    const first = await must(read('?limit=1', admin));
    const rest = await must(read(`?cursor=${first.next_cursor}`, admin));
    expect([...first.items, ...rest.items]).toEqual(made.toReversed());
    expect(rest.next_cursor).toBeNull();
  });

  test('tell how they came to be what they are', async () => {
    const policy = await create();
    await must(act('change', policy, { rules: [{ ...RULE, min_confidence: 70 }], reason: 'The finals.' }));
    await must(act('rollback', policy, { version: 1 }));
    await must(act('deactivate', policy));
    const first = await must(read(`/${policy.id}/evolution?limit=3`));
    const rest = await must(read(`/${policy.id}/evolution?cursor=${first.next_cursor}`));
    expect([...first.items, ...rest.items]).toMatchObject([
      { n: 4, change: 'deactivated', version: 3, active: false },
      { n: 3, change: 'rolled_back', version: 3, rules: [RULE] },
      { n: 2, change: 'changed', version: 2, reason: 'The finals.', changed_by: people.admin.id },
      { n: 1, change: 'created', version: 1, rules: [RULE], active: true },
    ]);
  });

  test('name commands that there are', async () => {
    const rules = [RULE, { ...RULE, resource_type: 'turn.stop' }, { ...RULE, resource_type: 'turns.*' }];
    const answer = await post(stack.url, '/policies/create', people.admin, { rules });
    expect(answer).toMatchObject({ status: 422, body: { code: 'validation_failed' } });
    expect(answer.body.errors.map(({ pointer }: Json) => pointer)).toEqual([
      '/rules/1/resource_type',
      '/rules/2/resource_type',
    ]);
  });

  test('do not enforce where no issuer of tokens is configured', async () => {
    const answer = await act('activate', await create(), { mode: 'enforce', force: true });
    expect(answer).toMatchObject({ status: 403, body: { code: 'feature_disabled' } });
  });

  test('leave no text in the inbox', async () => {
    const reason = 'Somebody shouted in the hall.';
    const answer = await post(stack.url, '/policies/create', people.admin, { rules: [RULE], reason });
    const { rows } = await stack.pool.query('select input from commands where id = $1', [answer.body.command_id]);
    expect(rows[0].input).toEqual({ owner: people.institution_id });
  });

  test('have proofs that are for admins of their institution alone', async () => {
    const { id } = await create();
    const prove = (who: Person) =>
      get(stack.url, `/integrity/proof/inclusion?stream=policy:${id}&event_sequence=1`, who).then(
        ({ status }) => status,
      );
    expect(await prove(cast().admin)).toBe(404);
    expect(await prove(people.presiding)).toBe(404);
    expect(await prove(people.admin)).not.toBe(404);
  });
});
