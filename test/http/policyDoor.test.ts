/** Policies at the door: what is stored of requests, what is refused before acceptance, and what is lifted. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Cast, cast, get, type Json, must, openSession, type Person, person, post } from '../support/client.ts';
import { isLeftOut, type Stack, startStack } from '../support/stack.ts';

const PATIENCE = { timeout: 20_000, interval: 50 };
const ISSUER = 'https://idp.example';
const RULE = {
  ...{ resource_type: 'session.*', allowed_roles: ['super_admin', 'admin', 'judge', 'moderator', 'participant'] },
  ...{ min_confidence: 0, step_up: true },
};

describe.skipIf(isLeftOut)('policies at the door', () => {
  let stack: Stack;

  beforeAll(async () => {
    stack = await startStack({ JWT_ISSUER: ISSUER });
  });
  afterAll(() => stack?.stop());

  const seconds = () => Math.floor(Date.now() / 1_000);

  const ROLE_OF: Record<string, string> = { admin: 'admin', bailiff: 'moderator', petitioner: 'participant' };
  const OFFICIALS = ['presiding', 'judge', 'outsideJudge'];

  /** A person with a token of the issuer, which says when the person has signed in where that is given. */
  function signedIn(role: string, { id, institution_id, name }: Person, minutes_ago?: number): Person {
    const signed = minutes_ago === undefined ? {} : { auth_time: seconds() - minutes_ago * 60 };
    return person(role, { id, institution_id, name, claims: { iss: ISSUER, ...signed } });
  }

  /** An institution of its own, with policies on. */
  async function open(): Promise<Cast> {
    const { institution_id, ...members } = cast();
    const roleOf = (name: string) => (OFFICIALS.includes(name) ? 'judge' : (ROLE_OF[name] ?? 'participant'));
    const people = Object.entries(members).map(([name, who]) => [name, signedIn(roleOf(name), who)] as const);
    const all = { institution_id, ...Object.fromEntries(people) } as Cast;
    await must(post(stack.url, `/api/institution/${institution_id}/settings`, all.admin, { policies: true }));
    return all;
  }

  const write = async (who: Person, rules: object[]): Promise<Json> =>
    (await must(post(stack.url, '/policies/create', who, { rules }))).result;
  const act = (verb: string, { id }: Json, who: Person, body: object = {}) =>
    post(stack.url, `/policies/${id}/${verb}`, who, body);
  const enforce = async (who: Person, rules: object[]) => {
    const policy = await write(who, rules);
    await must(act('activate', policy, who, { mode: 'enforce', force: true }));
    return policy;
  };
  const performance = ({ id }: Json, who: Person) => must(get(stack.url, `/policies/${id}/performance`, who));
  const refused = { status: 403, body: { code: 'step_up_required' } };
  const join = (path: string, who: Person, headers = {}) =>
    post(stack.url, `${path}/join`, who, { role: 'judge' }, headers);
  /** 200 where it is applied. */
  const joins = async (path: string, who: Person) => {
    const { status } = await join(path, who);
    return status === 201 ? 200 : status;
  };

  test('one that observes refuses nothing, and tells what it would have refused', async () => {
    const people = await open();
    const { path } = await openSession(stack.url, people);
    const policy = await write(people.admin, [RULE]);
    await expect
      .poll(async () => {
        await join(path, people.presiding);
        return (await performance(policy, people.admin)).would_refuse;
      }, PATIENCE)
      .toBeGreaterThan(0);
    const told = await performance(policy, people.admin);
    expect(told).toMatchObject({ mode: 'observe', refused: 0, passed: 0, effectiveness: 0 });
    expect(told.report[0]).toMatchObject({
      command: 'session.join',
      outcome: 'would_refuse',
      lacks: ['step_up'],
      people: 1,
    });
  });

  test('one that enforces refuses before anything is stored, until its person has signed in again', async () => {
    const people = await open();
    const { path, session_id } = await openSession(stack.url, people);
    const policy = await enforce(people.admin, [RULE]);
    await expect.poll(() => joins(path, people.presiding), PATIENCE).toBe(403);
    const stored = async () =>
      (await stack.pool.query(`select id from commands where actor_id = $1 order by id`, [people.presiding.id])).rows;
    const before = await stored();
    const answer = await join(path, people.presiding);
    expect(answer).toMatchObject({ ...refused, body: { policy_id: policy.id, lacks: ['step_up'] } });
    expect(await stored()).toEqual(before);
    for (const minutes of [16, 60]) {
      expect(await join(path, signedIn('judge', people.presiding, minutes))).toMatchObject(refused);
    }
    await must(join(path, signedIn('judge', people.presiding, 1)));
    await expect.poll(async () => (await performance(policy, people.admin)).refused, PATIENCE).toBeGreaterThan(2);
    expect((await get(stack.url, `/api/session/${session_id}`, people.presiding)).status).toBe(200);
  });

  test('is switched off within moments, and so are all with the setting', async () => {
    const people = await open();
    const { path } = await openSession(stack.url, people);
    const tries = () => joins(path, people.presiding);
    const policy = await enforce(people.admin, [RULE]);
    await expect.poll(tries, PATIENCE).toBe(403);
    await must(act('deactivate', policy, people.admin));
    await expect.poll(tries, PATIENCE).toBe(200);
    await must(act('activate', policy, people.admin, { mode: 'enforce', force: true }));
    await expect.poll(tries, PATIENCE).toBe(403);
    const settings = `/api/institution/${people.institution_id}/settings`;
    await must(post(stack.url, settings, people.admin, { policies: false }));
    await expect.poll(tries, PATIENCE).toBe(200);
  });

  test('a change in the middle of a command changes nothing for it: what was accepted is applied, and answered again', async () => {
    const people = await open();
    const { path, session_id } = await openSession(stack.url, people);
    const key = { 'idempotency-key': randomUUID() };
    const stranger = await stack.pool.connect();
    try {
      // The worker cannot get at the session, so the command waits while the policy begins to enforce.
      await stranger.query('begin');
      await stranger.query(`select from streams where stream = 'session:' || $1 for update`, [session_id]);
      const accepted = await join(path, people.presiding, { ...key, prefer: 'respond-async' });
      expect(accepted.status).toBe(202);
      await enforce(people.admin, [RULE]);
      // Not waited for: what the door still accepts has no outcome as long as the session is locked.
      const tries = async () => (await join(path, people.petitioner, { prefer: 'respond-async' })).status;
      await expect.poll(tries, PATIENCE).toBe(403);
      await stranger.query('rollback');
      const { command_id } = accepted.body;
      const command = () => get(stack.url, `/api/command/${command_id}`, people.presiding);
      await expect.poll(async () => (await command()).body.status, PATIENCE).toBe('applied');
      expect((await must(join(path, people.presiding, key))).command_id).toBe(command_id);
      expect(await join(path, people.presiding)).toMatchObject(refused);
    } finally {
      stranger.release(true);
    }
  });

  test('what is refused before a policy is switched off was never accepted, and is taken as new afterwards', async () => {
    const people = await open();
    const { path } = await openSession(stack.url, people);
    const policy = await enforce(people.admin, [RULE]);
    await expect.poll(() => joins(path, people.presiding), PATIENCE).toBe(403);
    const key = { 'idempotency-key': randomUUID() };
    expect(await join(path, people.presiding, key)).toMatchObject(refused);
    await must(act('deactivate', policy, people.admin));
    await expect.poll(async () => (await join(path, people.presiding, key)).status, PATIENCE).toBe(200);
  });

  test('is lifted for a person on the roster, in that session alone, however long ago', async () => {
    const people = await open();
    const [one, other] = [await openSession(stack.url, people), await openSession(stack.url, people)];
    const policy = await enforce(people.admin, [RULE]);
    const tries = ({ path }: Json) => joins(path, people.presiding);
    await expect.poll(() => tries(one), PATIENCE).toBe(403);
    const override = (session_id: string, user_id: string, who = people.admin) =>
      act('override', policy, who, { session_id, user_id, reason: 'The hall has a new network.' });
    expect(await override(one.session_id, randomUUID())).toMatchObject({
      status: 409,
      body: { code: 'not_overridable' },
    });
    expect((await override(randomUUID(), people.presiding.id)).status).toBe(404);
    expect((await override(one.session_id, people.presiding.id, people.presiding)).status).toBe(403);
    await must(override(one.session_id, people.presiding.id));
    await expect.poll(() => tries(one), PATIENCE).toBe(200);
    expect(await tries(other)).toBe(403);
    await expect.poll(async () => (await performance(policy, people.admin)).lifted, PATIENCE).toBeGreaterThan(0);
    await must(override(one.session_id, people.presiding.id));
    const { rowCount } = await stack.pool.query(
      `update policy_overrides set overridden_at = now() - interval '30 days' where policy_id = $1`,
      [policy.id],
    );
    expect(rowCount).toBe(1);
    // Doors read what is lifted anew with each change.
    await must(act('deactivate', policy, people.admin));
    await expect.poll(() => tries(other), PATIENCE).toBe(200);
    await must(act('activate', policy, people.admin, { mode: 'enforce', force: true }));
    await expect.poll(() => tries(other), PATIENCE).toBe(403);
    expect(await tries(one)).toBe(200);
  });

  test('is lifted no more once the session has ended', async () => {
    const people = await open();
    const { path, session_id } = await openSession(stack.url, people);
    const policy = await enforce(people.admin, [RULE]);
    const tries = () => joins(path, people.presiding);
    await expect.poll(tries, PATIENCE).toBe(403);
    await must(
      act('override', policy, people.admin, { session_id, user_id: people.presiding.id, reason: 'A new network.' }),
    );
    await expect.poll(tries, PATIENCE).toBe(200);
    await must(post(stack.url, `${path}/complete`, people.presiding, { skip_turns: true }));
    await expect.poll(tries, PATIENCE).toBe(403);
  });

  test('counts are those of now, and how often it was right is what was kept where enough was decided', async () => {
    const people = await open();
    const policy = await write(people.admin, [RULE]);
    const { institution_id } = people;
    const say = (outcome: string, count: number) =>
      stack.pool.query(
        `insert into policy_outcomes (policy_id, version, slot, user_id, command, outcome, lacks, institution_id, count)
         values ($1, 1, date_trunc('hour', now()), $2, 'turn.start', $3, '', $4, $5)`,
        [policy.id, randomUUID(), outcome, institution_id, count],
      );
    await say('passed', 36);
    const before = { effectiveness: 100, decided: 36 };
    expect(await performance(policy, people.admin)).toMatchObject({ passed: 36, would_refuse: 0, ...before });
    await say('would_refuse', 4);
    expect(await performance(policy, people.admin)).toMatchObject({ passed: 36, would_refuse: 4, ...before });
    expect((await get(stack.url, `/policies/${policy.id}/performance`, (await open()).admin)).status).toBe(404);
    expect((await get(stack.url, `/policies/${policy.id}/performance`, people.presiding)).status).toBe(403);
  });

  test('other rules are tried on what was decided, and nothing is changed', async () => {
    const people = await open();
    const { path } = await openSession(stack.url, people);
    const policy = await write(people.admin, [RULE]);
    const simulate = (rules: object[], who = people.admin) => act('simulate', policy, who, { rules });
    const judges = { ...RULE, step_up: false, allowed_roles: ['judge'] };
    await expect
      .poll(async () => {
        await join(path, people.presiding);
        await post(stack.url, `${path}/join`, people.petitioner, { role: 'petitioner' });
        const { predicted_approvals, wrong_refusals } = await must(simulate([judges]));
        return Math.min(predicted_approvals, wrong_refusals);
      }, PATIENCE)
      .toBeGreaterThan(0);
    const tried = await must(simulate([judges]));
    expect(tried.predicted_approvals).toBeGreaterThan(0);
    expect(tried.predicted_approvals + tried.wrong_refusals).toBe(tried.decided);
    expect(tried.users_affected).toBeGreaterThan(0);
    const hour = new Date().getUTCHours();
    const elsewhen = {
      ...judges,
      allowed_roles: RULE.allowed_roles,
      hours: { from: (hour + 3) % 24, to: (hour + 4) % 24 },
    };
    expect(await must(simulate([elsewhen]))).toMatchObject({ predicted_approvals: 0 });
    const allDay = { ...elsewhen, hours: { from: (hour + 4) % 24, to: (hour + 3) % 24 } };
    expect(await must(simulate([allDay]))).toMatchObject({ wrong_refusals: 0, users_affected: 0 });
    expect(await must(get(stack.url, `/policies/${policy.id}`, people.admin))).toMatchObject({
      version: 1,
      rules: [RULE],
    });
    expect((await simulate([judges], (await open()).admin)).status).toBe(404);
    expect((await simulate([judges], people.presiding)).status).toBe(403);
    expect((await simulate([{ ...judges, resource_type: 'turn.stop' }])).status).toBe(422);
  });

  test('no admin is locked out, by role, hours or confidence, and nothing is enforced too early', async () => {
    const { admin } = await open();
    const policy = await write(admin, [RULE]);
    expect(await act('activate', policy, admin, { mode: 'enforce' })).toMatchObject({
      ...{ status: 409, body: { code: 'not_observed_long_enough' } },
    });
    const hour = (new Date().getUTCHours() + 3) % 24;
    const locking = [
      { ...RULE, allowed_roles: ['judge'] },
      { ...RULE, hours: { from: hour, to: (hour + 1) % 24 } },
      { ...RULE, min_confidence: 100 },
    ];
    for (const rule of locking) {
      const strict = await write(admin, [rule]);
      const answer = await act('activate', strict, admin, { mode: 'enforce', force: true });
      expect(answer).toMatchObject({ status: 409, body: { code: 'locks_everybody_out' } });
      const enforced = await enforce(admin, [{ ...RULE, resource_type: 'recording.*', step_up: false }]);
      expect(await act('change', enforced, admin, { rules: [rule] })).toMatchObject({
        ...{ status: 409, body: { code: 'locks_everybody_out' } },
      });
    }
  });
});
