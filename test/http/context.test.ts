/** How well requests fit their people, over HTTP: by device, network and place, cached, and at the door as confidence. */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Actor } from '../../src/core/definitions/actor.ts';
import { loginIdOf } from '../../src/core/loginId.ts';
import { createContextScores } from '../../src/http/logins/contextScores.ts';
import { createLog } from '../../src/infra/telemetry/log.ts';
import { UNKNOWN_CONTEXT } from '../../src/logins/context/context.ts';
import { type Cast, cast, get, type Json, must, openSession, type Person, person, post } from '../support/client.ts';
import { BERLIN, mmdbOf, POTSDAM, SYDNEY } from '../support/mmdb.ts';
import { isLeftOut, type Stack, startStack } from '../support/stack.ts';

const ISSUER = 'https://idp.example';
const HOME = { 'user-agent': 'Browser A', 'x-forwarded-for': '198.51.100.7' };
const NEAR = { 'user-agent': 'Browser A', 'x-forwarded-for': '198.51.101.7' };
const ABROAD = { 'user-agent': 'Browser Z', 'x-forwarded-for': '203.0.113.9' };
const NOWHERE = { 'user-agent': 'Browser A', 'x-forwarded-for': '192.0.2.9' };
const RULE = {
  ...{ resource_type: 'session.*', allowed_roles: ['super_admin', 'admin', 'judge', 'moderator', 'participant'] },
  ...{ min_confidence: 60, step_up: false },
};

describe.skipIf(isLeftOut)('the context of a login session', () => {
  let stack: Stack;
  let folder: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'plearoll-geo-'));
    writeFileSync(join(folder, 'places.mmdb'), mmdbOf([BERLIN, POTSDAM, SYDNEY]));
    stack = await startStack({
      ...{ TRUSTED_PROXIES: '127.0.0.1/32,::1/128', JWT_ISSUER: ISSUER, GEOIP_FILE: join(folder, 'places.mmdb') },
    });
  });
  afterAll(async () => {
    await stack?.stop();
    rmSync(folder, { recursive: true });
  });

  type SignedIn = Person & { login_id: string };

  function signIn(role: string, { id, institution_id, name }: Person, sid: string, claims: object = {}): SignedIn {
    const named = { ...{ iss: ISSUER, sid: `${sid} of ${id}` }, ...claims };
    return {
      ...person(role, { id, institution_id, name, claims: named }),
      login_id: loginIdOf({ ...named, token: '' }, ISSUER),
    };
  }
  const someone = (role: string, institution_id: string | null = randomUUID()) =>
    person(role, { institution_id, claims: { iss: ISSUER } });
  const riskOf = async (who: Person, login_id: string, from = HOME): Promise<Json> =>
    must(get(stack.url, `/auth/sessions/${login_id}/risk`, who, from));
  const own = (who: SignedIn, from = HOME) => riskOf(who, who.login_id, from);

  function signedCast(): Cast {
    const { institution_id, ...members } = cast();
    const judges = ['presiding', 'judge', 'outsideJudge'];
    const roles: Json = { admin: 'admin', bailiff: 'moderator' };
    const roleOf = (name: string) => (judges.includes(name) ? 'judge' : (roles[name] ?? 'participant'));
    const people = Object.entries(members).map(([name, who]) => [name, signIn(roleOf(name), who, 'desk')] as const);
    return { institution_id, ...Object.fromEntries(people) } as Cast;
  }

  /** Two sign-ins of a person at home, both of them noted. */
  async function atHome(role = 'judge', who = someone(role)) {
    const [one, two] = [signIn(role, who, 'one'), signIn(role, who, 'two')];
    for (const one_of of [one, two]) await must(get(stack.url, '/auth/sessions', one_of, HOME));
    const noted = async () =>
      (await stack.pool.query(`select from login_locations where login_id = any($1)`, [[one.login_id, two.login_id]]))
        .rowCount;
    await expect.poll(noted).toBe(2);
    return [one, two] as const;
  }

  test('knows what other sign-ins of the person have shown, and says what nobody knows', async () => {
    const first = signIn('judge', someone('judge'), 'first');
    expect(await own(first)).toMatchObject({
      ...{ score: null, level: 'unknown', action: 'continue', context: 75, confidence: 75 },
      context_unknown: ['device', 'network', 'time', 'location', 'history'],
    });
    const [, two] = await atHome();
    expect(await own(two)).toMatchObject({
      context_parts: { device: 100, network: 100, time: 75, location: 100, history: 85 },
      context_unknown: ['time'],
    });
    expect((await own(two, NEAR)).context_parts).toMatchObject({ device: 100, network: 50, location: 100 });
    expect(await own(two, NOWHERE)).toMatchObject({ context_parts: { network: 50, location: 100 } });
  });

  test('falls at once where a token is used elsewhere, by a journey that nobody makes', async () => {
    const [one, two] = await atHome();
    const before = await own(two);
    const abroad = await own(two, ABROAD);
    expect(abroad.context_parts).toMatchObject({ device: 40, network: 50, location: 0 });
    expect(abroad.context).toBeLessThan(before.context - 30);
    expect(abroad.confidence).toBe(abroad.context);
    const admin = someone('admin', two.institution_id);
    await expect
      .poll(async () => (await riskOf(admin, one.login_id)).context_parts)
      .toMatchObject({ device: 100, history: 85 });
  });

  test('is told to admins of the institution from where the session was seen last, and to no stranger', async () => {
    const [, two] = await atHome();
    const admin = someone('admin', two.institution_id);
    expect((await riskOf(admin, two.login_id)).context_parts).toMatchObject({
      device: 100,
      network: 100,
      location: 100,
    });
    const stranger = someone('admin');
    const judge = someone('judge', two.institution_id);
    for (const who of [stranger, judge]) {
      expect((await get(stack.url, `/auth/sessions/${two.login_id}/risk`, who)).status).toBe(404);
    }
  });

  test('is reckoned anew where a sign-in is ended', async () => {
    const [one, two] = await atHome();
    const admin = someone('admin', two.institution_id);
    expect((await own(two)).context_parts.history).toBe(85);
    await must(post(stack.url, `/auth/sessions/${one.login_id}/terminate`, admin, { reason: 'Lost.', now: true }));
    await expect.poll(async () => (await own(two)).context_parts).toMatchObject({ history: 25, device: 75 });
  });

  test('is the confidence of policies, and a step-up is surer', async () => {
    const people = signedCast();
    const settings = `/api/institution/${people.institution_id}/settings`;
    await must(post(stack.url, settings, people.admin, { policies: true }));
    const { path } = await openSession(stack.url, people);
    const [, two] = await atHome('judge', people.presiding);
    const policy = (await must(post(stack.url, '/policies/create', people.admin, { rules: [RULE] }))).result;
    await must(post(stack.url, `/policies/${policy.id}/activate`, people.admin, { mode: 'enforce', force: true }));
    const joins = (who: Person, from: typeof HOME) => post(stack.url, `${path}/join`, who, { role: 'judge' }, from);
    const refused = { status: 403, body: { code: 'step_up_required', policy_id: policy.id, lacks: ['confidence'] } };
    await expect.poll(() => joins(two, ABROAD)).toMatchObject(refused);
    await must(joins(two, HOME));
    const fresh = signIn('judge', people.presiding, 'two', { auth_time: Math.floor(Date.now() / 1_000) });
    expect(await own(fresh, ABROAD)).toMatchObject({ confidence: 100, context_parts: { location: 0 } });
    await must(joins(fresh, ABROAD));
  });
});

describe.skipIf(isLeftOut)('a context that is found out', () => {
  const log = createLog('silent', 'test');
  const login = { id: randomUUID(), user_id: randomUUID(), institution_id: null };
  const nothing = { get: async () => undefined, put: async () => {} };
  const logins = { marksOf: () => ({ device: 'a', network: 'b', place: undefined }) };
  const tokens = { onRevoked: () => {} };
  const row = {
    ...{ now: '0', time_zone: null, others: 3, knows_device: true, knows_network: true, is_ending: false },
    ...{ ended_by_others: 0, ended_by_person: 0, places: [] },
  };
  const answering = { query: async () => ({ rows: [row] }) };

  test('is told while the cache is slow to keep it', async () => {
    const cache = { ...nothing, put: () => new Promise<never>(() => {}) };
    const { ofLogin } = createContextScores({ db: answering as never, cache, logins, tokens, log });
    expect(await ofLogin(login)).toMatchObject({ parts: { device: 100, network: 100, history: 100 } });
  });

  test('is of one person in one institution, also where an issuer has one name for the sign-ins of several', async () => {
    const kept: [key: string, user_id: string | undefined][] = [];
    const put = async (_: string, key: string, __: unknown, user_id?: string) => void kept.push([key, user_id]);
    const { ofLogin } = createContextScores({
      db: answering as never,
      cache: { ...nothing, put },
      logins,
      tokens,
      log,
    });
    const people = [login, { ...login, user_id: randomUUID() }, { ...login, institution_id: randomUUID() }];
    for (const one of people) await ofLogin(one);
    expect(new Set(kept.map(([key]) => key)).size).toBe(3);
    expect(kept.map(([, user_id]) => user_id)).toEqual(people.map(({ user_id }) => user_id));
  });

  const sender: Actor = {
    ...{ id: login.user_id, role: 'judge', institution_id: randomUUID() },
    login: { id: login.id, jti: null, auth_time: null, expires_at: 0 },
  };

  /** Counts how often the cache is asked. */
  function openCounting(query: () => Promise<unknown> = answering.query) {
    let asked = 0;
    let revoke = () => {};
    const get = async () => {
      asked += 1;
      return undefined;
    };
    const { ofRequest } = createContextScores({
      ...{ db: { query } as never, cache: { ...nothing, get }, logins, log },
      tokens: {
        onRevoked(listener) {
          revoke = listener;
        },
      },
    });
    return {
      ask: (who = sender) => ofRequest(who, { fingerprint: '', address: undefined }),
      revoke: () => revoke(),
      asked: () => asked,
    };
  }

  test('is asked for once by many requests one after the other, and again where something was revoked since', async () => {
    const { ask, revoke, asked } = openCounting();
    const first = await ask();
    for (let i = 0; i < 20; i += 1) expect(await ask()).toEqual(first);
    expect(asked()).toBe(1);
    // What one institution knows of a person is no word of the other's.
    await ask({ ...sender, institution_id: randomUUID() });
    expect(asked()).toBe(2);
    revoke();
    await ask();
    expect(asked()).toBe(3);
  });

  test('that was begun before something was revoked is neither waited for nor kept', async () => {
    const answers: (() => void)[] = [];
    const rows = [{ ...row, others: 1 }, row];
    const { ask, revoke, asked } = openCounting(() => {
      const found = rows[answers.length];
      return new Promise((resolve) => answers.push(() => resolve({ rows: [found] })));
    });
    const before = ask();
    await setImmediate();
    revoke();
    const after = ask();
    await setImmediate();
    for (const answer of answers.toReversed()) answer();
    expect((await before).parts.history).toBe(85);
    expect((await after).parts.history).toBe(100);
    expect((await ask()).parts.history).toBe(100);
    expect(asked()).toBe(2);
  });

  test.each([
    ['late', () => new Promise<never>(() => {})],
    ['away', () => Promise.reject(new Error('away'))],
  ])('not, because Postgres is %s, is neutral, and asked for once however many wait', async (_, query) => {
    let statements = 0;
    const counted = () => {
      statements += 1;
      return query();
    };
    const { ofLogin } = createContextScores({ db: { query: counted } as never, cache: nothing, logins, tokens, log });
    const all = await Promise.all(Array.from({ length: 20 }, () => ofLogin(login)));
    expect(all).toEqual(all.map(() => UNKNOWN_CONTEXT));
    expect(statements).toBe(1);
  });
});
