/** A step-up is asked at the door and answered with a fresh sign-in: what was refused passes then, for 15 minutes, at every door. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { askStepUp, findSteppedUp } from '../../src/logins/stepUp.ts';
import { type Cast, cast, get, type Json, must, openSession, type Person, person, post } from '../support/client.ts';
import { ISSUER, issued, issuedCast, signedInAfter } from '../support/issued.ts';
import { listenOnSocketIo } from '../support/listener.ts';
import { isLeftOut, kind, type Stack, startStack } from '../support/stack.ts';
import { untilAudited } from '../support/trail.ts';

const PATIENCE = { timeout: 20_000, interval: 50 };
const ROLES = ['super_admin', 'admin', 'judge', 'moderator', 'participant'];
const RULES = [
  { resource_type: 'session.*', allowed_roles: ROLES, min_confidence: 0, step_up: true },
  { resource_type: 'login.*', allowed_roles: ROLES, min_confidence: 0, step_up: true },
];
const REFUSED = { status: 403, body: { code: 'step_up_required' } };
const NOT_THERE = { status: 404, body: { code: 'not_found' } };

describe.skipIf(isLeftOut)(`a step-up, ${kind}`, () => {
  let stack: Stack;
  let people: Cast;
  let path: string;

  const seconds = () => Math.floor(Date.now() / 1_000);
  const judge = (claims: object = {}) => issued('judge', people.presiding, claims);

  beforeAll(async () => {
    stack = await startStack({ JWT_ISSUER: ISSUER });
  });
  afterAll(() => stack?.stop());
  beforeEach(async () => {
    people = issuedCast();
    ({ path } = await openSession(stack.url, people));
    await must(post(stack.url, `/api/institution/${people.institution_id}/settings`, people.admin, { policies: true }));
    const { result } = await must(post(stack.url, '/policies/create', people.admin, { rules: RULES }));
    const enforce = { mode: 'enforce', force: true };
    await must(post(stack.url, `/policies/${result.id}/activate`, people.admin, enforce));
  });

  const join = (who: Person, url = stack.url, headers = {}) =>
    post(url, `${path}/join`, who, { role: 'judge' }, headers);
  const confirm = (id: string, who: Person | null, url = stack.url, headers = {}) =>
    post(url, `/auth/sessions/${id}/confirm`, who, {}, headers);
  /** Refused for want of a step-up. @returns the login session of which one is asked */
  async function refusedOf(who: Person): Promise<string> {
    await expect.poll(async () => (await join(who)).status, PATIENCE).toBe(403);
    const { body } = await join(who);
    expect(body).toMatchObject({ code: 'step_up_required', lacks: ['step_up'], login_id: expect.any(String) });
    return body.login_id;
  }
  /** A sign-in after whatever was asked before. */
  const fresh = (claims: object = {}) => judge({ ...signedInAfter(), ...claims });
  const rowsOf = async (login_id: string) =>
    (await stack.pool.query('select * from step_ups where login_id = $1', [login_id])).rows;

  test('is asked once where a policy refuses, and confirmed it makes the old token pass at every door, and the new one', async () => {
    const old = judge();
    const id = await refusedOf(old);
    const [asked] = await rowsOf(id);
    expect(asked).toMatchObject({ user_id: old.id, asked_for: 'session.join', confirmed_at: null });
    for (const url of stack.apis) expect(await join(old, url)).toMatchObject(REFUSED);
    expect(await rowsOf(id)).toEqual([asked]);
    const newer = fresh({ auth_time: undefined, iat: seconds() + 2 });
    const { result } = await must(confirm(id, newer));
    expect(result).toMatchObject({ id, asked_at: asked.asked_at.toISOString() });
    expect(Date.parse(result.until) - Date.parse(result.confirmed_at)).toBe(15 * 60_000);
    for (const url of stack.apis) {
      await must(join(old, url));
      await must(join(newer, url));
    }
    await expect
      .poll(async () => {
        const { items } = await must(get(stack.url, `/auth/sessions/${id}/timeline`, newer));
        return items.map(({ what }: Json) => what);
      }, PATIENCE)
      .toEqual(expect.arrayContaining(['first_seen', 'step_up_asked', 'step_up_confirmed']));
  });

  test.each(['the person', 'a thief'])(
    'that %s caused is good where it was confirmed, and makes a copy of the token no better elsewhere',
    async (cause) => {
      const stolen = judge();
      const [home, elsewhere] = [{ 'user-agent': 'Browser A' }, { 'user-agent': 'Browser Z' }];
      const first = cause === 'a thief' ? elsewhere : home;
      await expect.poll(async () => (await join(stolen, stack.url, first)).status, PATIENCE).toBe(403);
      const { login_id } = (await join(stolen, stack.url, first)).body;
      await must(confirm(login_id, fresh(), stack.url, home));
      for (const url of stack.apis) {
        await must(join(stolen, url, home));
        expect(await join(stolen, url, elsewhere)).toMatchObject({
          status: 403,
          body: { lacks: ['step_up'], login_id },
        });
        await must(join(stolen, url, home));
      }
      const confidence = async (headers: typeof home) =>
        (await must(get(stack.url, `/auth/sessions/${login_id}/risk`, stolen, headers))).confidence;
      expect(await confidence(home)).toBe(100);
      expect(await confidence(elsewhere)).toBeLessThan(100);
    },
  );

  test('that a newer token of the same sign-in answered makes a copy of the older one no better elsewhere', async () => {
    const sid = randomUUID();
    const stolen = judge({ sid });
    const [home, elsewhere] = [{ 'user-agent': 'Browser A' }, { 'user-agent': 'Browser Z' }];
    const id = await refusedOf(stolen);
    await must(confirm(id, fresh({ sid }), stack.url, home));
    expect(await rowsOf(id)).toMatchObject([{ confirmed_in: id }]);
    for (const url of stack.apis) {
      await must(join(stolen, url, home));
      expect(await join(stolen, url, elsewhere)).toMatchObject({ ...REFUSED, body: { lacks: ['step_up'] } });
    }
  });

  test('that another sign-in answered is asked of that one, too, where it comes from elsewhere', async () => {
    const [home, elsewhere] = [{ 'user-agent': 'Browser A' }, { 'user-agent': 'Browser Z' }];
    // Its issuer does not say when its person has signed in.
    const later = (n: number) => judge({ iat: seconds() + n });
    const newer = later(2);
    await must(confirm(await refusedOf(judge()), newer, stack.url, home));
    await must(join(newer, stack.url, home));
    await expect.poll(async () => (await join(newer, stack.url, elsewhere)).status, PATIENCE).toBe(403);
    const { login_id } = (await join(newer, stack.url, elsewhere)).body;
    await must(confirm(login_id, later(4), stack.url, elsewhere));
    for (const place of [home, elsewhere]) await must(join(newer, stack.url, place));
  });

  test('is confirmed anew by a person who has moved, with a sign-in after that, and by no copy of a token of before', async () => {
    const [home, elsewhere] = [{ 'user-agent': 'Browser A' }, { 'user-agent': 'Browser Z' }];
    const [old, first] = [judge(), fresh()];
    const id = await refusedOf(old);
    await must(confirm(id, first, stack.url, home));
    await must(join(old, stack.url, home));
    expect(await join(old, stack.url, elsewhere)).toMatchObject(REFUSED);
    expect(await confirm(id, first, stack.url, elsewhere)).toMatchObject(REFUSED);
    expect(await join(old, stack.url, elsewhere)).toMatchObject(REFUSED);
    await stack.pool.query(
      `update step_ups set asked_at = asked_at - interval '1 minute', confirmed_at = confirmed_at - interval '1 minute'
       where login_id = $1`,
      [id],
    );
    const { result } = await must(confirm(id, fresh(), stack.url, elsewhere));
    expect(result.confirmed_at).toBe((await rowsOf(id))[0].confirmed_at.toISOString());
    for (const url of stack.apis) await must(join(old, url, elsewhere));
  });

  test('is told to consoles of its person, and the answer is on the audit trail', async () => {
    const old = judge();
    const console = await listenOnSocketIo(stack.relayUrl, { token: old.token, namespace: '/console' });
    console.send({ type: 'join_user_room' });
    await console.until(({ type }) => type === 'room_joined');
    const id = await refusedOf(old);
    await console.until(({ type }) => type === 'reauthentication_required');
    const told = console.messages.filter(({ type }) => type === 'reauthentication_required');
    const own = { device: expect.stringMatching(/^[0-9a-f]{32}$/), network: expect.stringMatching(/^[0-9a-f]{32}$/) };
    const confirmed_by = { confirm: `/auth/sessions/${id}/confirm` };
    expect(told).toMatchObject([{ login_id: id, asked_for: 'session.join', ...confirmed_by, ...own }]);
    console.close();
    await must(confirm(id, fresh()));
    await untilAudited(stack.pool);
    const { items } = await must(get(stack.url, '/audit?type=mfa_event', people.admin));
    expect(items).toMatchObject([
      { user_id: old.id, action: 'login.confirm', outcome: 'applied', subject: `login:${id}` },
    ]);
  });

  test('is answered neither by the token itself nor by an older sign-in, one of no time or one to come', async () => {
    const named = { sid: randomUUID(), jti: randomUUID() };
    const old = judge(named);
    const earlier = judge();
    const id = await refusedOf(old);
    const unfit = [old, earlier, judge({ ...named, auth_time: seconds() + 2 }), judge({ auth_time: seconds() - 60 })];
    for (const who of [...unfit, judge({ auth_time: seconds() + 60 })]) {
      expect(await confirm(id, who)).toMatchObject(REFUSED);
    }
    expect(await rowsOf(id)).toMatchObject([{ confirmed_at: null }]);
    await must(confirm(id, fresh({ sid: named.sid })));
    await must(join(old));
  });

  test('is not there for anybody else, admins included, with the bytes of what is not there at all', async () => {
    const id = await refusedOf(judge());
    const shown = async (login_id: string, who: Person) => {
      const { status, body } = await confirm(login_id, who);
      const { instance: _, request_id: __, ...rest } = body;
      return { status, rest };
    };
    const root = person('super_admin', { claims: { iss: ISSUER, jti: randomUUID(), auth_time: seconds() + 2 } });
    const late = { auth_time: seconds() + 2 };
    const admins = [people.admin, cast().admin].map((who) => issued('admin', who, late));
    for (const who of [...admins, issued('judge', people.judge, late), root]) {
      expect(await confirm(id, who)).toMatchObject(NOT_THERE);
    }
    expect(await shown(id, root)).toEqual(await shown(randomUUID(), root));
    expect(await confirm(randomUUID(), fresh())).toMatchObject(NOT_THERE);
    expect(await confirm('mine', fresh())).toMatchObject(NOT_THERE);
    expect(await confirm(id, null)).toMatchObject({ status: 401 });
    expect(await post(stack.url, `/auth/sessions/${id}/confirm`, fresh(), { code: '123456' })).toMatchObject({
      status: 422,
    });
  });

  test('two answers at once are one, a repetition is answered as the first, and neither makes it last longer', async () => {
    const id = await refusedOf(judge());
    const [one, two] = [fresh(), fresh()];
    const answers = await Promise.all([one, two].map((who, i) => must(confirm(id, who, stack.apis.at(-i)))));
    expect(answers[1]!.result).toEqual(answers[0]!.result);
    const key = { 'idempotency-key': randomUUID() };
    const first = await must(confirm(id, one, stack.url, key));
    expect(await must(confirm(id, one, stack.url, key))).toMatchObject({ command_id: first.command_id });
    expect(first.result).toEqual(answers[0]!.result);
  });

  test('lasts for 15 minutes, and is asked anew then; one that nobody answered for as long is asked anew, too', async () => {
    const login = { login_id: randomUUID(), user_id: people.presiding.id };
    const asking = { ...login, institution_id: people.institution_id, asked_for: 'risk', asked_by: 'risk' };
    const ask = () => askStepUp(stack.pool, asking);
    const ago = (column: string, minutes: number) =>
      stack.pool.query(`update step_ups set ${column} = now() - $2 * interval '1 minute' where login_id = $1`, [
        login.login_id,
        minutes,
      ]);
    expect(await ask()).toBeDefined();
    expect(await ask()).toBeUndefined();
    await ago('asked_at', 14.9);
    expect(await ask()).toBeUndefined();
    await ago('asked_at', 15.1);
    expect(await ask()).toBeDefined();
    await must(confirm(login.login_id, fresh()));
    const used = [{ ...login, from: null }];
    expect(await findSteppedUp(stack.pool, used)).toMatchObject([login]);
    await ago('confirmed_at', 14.9);
    expect(await ask()).toBeUndefined();
    const [{ left_ms } = { left_ms: 0 }] = await findSteppedUp(stack.pool, used);
    expect(left_ms).toBeLessThan(10_000);
    await ago('confirmed_at', 15.1);
    expect(await findSteppedUp(stack.pool, used)).toEqual([]);
    expect(await ask()).toBeDefined();
    expect(await rowsOf(login.login_id)).toMatchObject([{ confirmed_at: null, confirmed_in: null }]);
  });

  test('undoes no termination', async () => {
    const old = judge();
    const id = await refusedOf(old);
    const newer = fresh();
    await expect
      .poll(async () => (await get(stack.url, `/auth/sessions/${id}/timeline`, newer)).body.items?.length, PATIENCE)
      .toBeGreaterThan(1);
    const end = (who: Person) =>
      post(stack.url, `/auth/sessions/${id}/terminate`, who, { reason: 'A laptop was stolen.' });
    expect(await end(newer)).toMatchObject({ status: 200 });
    await must(confirm(id, newer));
    await expect.poll(async () => (await get(stack.url, path, old)).status, PATIENCE).toBe(401);
  });
});
