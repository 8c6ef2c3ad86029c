/** The general limits: so many commands a minute, and so many questions, for each user, or each address where there is no user. */
import { randomInt, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Answer, assignmentBody, type Cast, cast, get, type Person, person, post } from '../support/client.ts';
import { isLeftOut, type Stack, startStack } from '../support/stack.ts';

const LIMIT = 5;
const LIMITS = { RATE_LIMIT_GENERAL_PER_MINUTE: `${LIMIT}`, RATE_LIMIT_READS_PER_MINUTE: `${LIMIT}` };

describe.skipIf(isLeftOut)('of five commands and five questions a minute', () => {
  let stack: Stack;
  let people: Cast;

  beforeAll(async () => {
    stack = await startStack({ ...LIMITS, TRUSTED_PROXIES: '127.0.0.1/32' });
  });

  afterAll(() => stack.stop());

  beforeEach(() => {
    people = cast();
  });

  let asked = 0;
  const url = () => stack.apis[asked++ % stack.apis.length]!;
  const list = (who: Person | null) => get(url(), '/api/assignment/list', who);
  const limitOf = ({ headers }: Answer) =>
    ['limit', 'remaining', 'reset'].map((name) => Number(headers.get(`x-ratelimit-${name}`)));

  async function exhaust(who: Person): Promise<void> {
    for (let i = 0; i < LIMIT; i++) expect((await list(who)).status).toBe(200);
  }

  /** Counted, and refused for its body. */
  const sendNothing = (who: Person) => post(url(), '/api/assignment/create', who, {});

  test('questions leave commands alone, and commands questions: the answer says which limit it was', async () => {
    await exhaust(people.admin);
    const asking = await list(people.admin);
    expect(asking).toMatchObject({ status: 429, body: { limit: 'general_reads' } });
    expect(asking.body.detail).toBe(`At most ${LIMIT} questions a minute.`);
    for (let left = LIMIT - 1; left >= 0; left--) {
      const answer = await sendNothing(people.admin);
      expect([answer.status, limitOf(answer).slice(0, 2)]).toEqual([422, [LIMIT, left]]);
    }
    const sending = await sendNothing(people.admin);
    expect(sending).toMatchObject({ status: 429, body: { limit: 'general_api' } });
    expect(sending.body.detail).toBe(`At most ${LIMIT} commands a minute.`);
    for (let i = 0; i < LIMIT; i++) expect((await sendNothing(people.presiding)).status).toBe(403);
    expect((await sendNothing(people.presiding)).status).toBe(429);
    await exhaust(people.presiding);
  });

  test('what is outside of /api is counted as well: verification, operations, the dashboard', async () => {
    const paths = [
      '/integrity/runs/none',
      '/integrity/global-verify',
      '/ops/schedules',
      '/ops/findings',
      '/jobs/api/queues',
    ];
    const root = person('super_admin');
    for (const [i, path] of paths.entries()) {
      const answer = await get(url(), path, root);
      expect([path, limitOf(answer).slice(0, 2)]).toEqual([path, [LIMIT, LIMIT - 1 - i]]);
    }
    for (const path of paths) expect([path, (await get(url(), path, root)).status]).toEqual([path, 429]);
  });

  test('the login of the dashboard is counted by address', async () => {
    const from = { 'x-forwarded-for': `198.51.100.${randomInt(250)}` };
    const login = () => post(url(), '/jobs/login', null, { token: 'none' }, from);
    for (let i = 0; i < LIMIT; i++) expect((await login()).status).toBe(401);
    expect((await login()).status).toBe(429);
  });

  test('each says how many are left, and the sixth is refused with when to come back', async () => {
    for (let left = LIMIT - 1; left >= 0; left--) {
      const answer = await list(people.admin);
      const [limit, remaining, reset] = limitOf(answer);
      expect([answer.status, limit, remaining]).toEqual([200, LIMIT, left]);
      expect(reset).toBeGreaterThan(0);
      expect(reset).toBeLessThanOrEqual(60);
    }
    const refused = await list(people.admin);
    expect(refused).toMatchObject({ status: 429, body: { code: 'rate_limited', status: 429 } });
    const [limit, remaining, reset] = limitOf(refused);
    expect([limit, remaining, Number(refused.headers.get('retry-after'))]).toEqual([LIMIT, 0, reset]);
    expect(reset).toBeGreaterThan(0);
  });

  test('a command that is refused is not stored, and its body is not even read', async () => {
    for (let i = 0; i < LIMIT; i++) expect((await sendNothing(people.admin)).status).toBe(422);
    const answer = await post(url(), '/api/assignment/create', people.admin, assignmentBody(people));
    expect(answer.status).toBe(429);
    expect((await post(url(), '/api/assignment/create', people.admin, 'x'.repeat(100_000))).status).toBe(429);
    const { rowCount } = await stack.pool.query('select from commands where actor_id = $1', [people.admin.id]);
    expect(rowCount).toBe(0);
  });

  test('each user has their own, whoever else shares their institution or address', async () => {
    await exhaust(people.admin);
    expect((await list(people.admin)).status).toBe(429);
    expect((await list(people.presiding)).status).toBe(200);
    const again = person('admin', { id: people.admin.id, institution_id: people.institution_id });
    expect((await list(again)).status).toBe(429);
  });

  test('who has no token is counted by the address that a trusted proxy names', async () => {
    const address = () => `2001:db8:${randomInt(0xffff).toString(16)}::${randomInt(0xffff).toString(16)}`;
    const observe = (from: string) =>
      post(url(), `/api/session/${randomUUID()}/observe`, null, undefined, { 'x-forwarded-for': from });
    const [one, other] = [address(), address()];
    for (let i = 0; i < LIMIT; i++) expect((await observe(one)).status).toBe(404);
    expect((await observe(one)).status).toBe(429);
    expect((await observe(`${other}, ${one}`)).status).toBe(429);
    expect((await observe(other)).status).toBe(404);
  });

  test('a token that is refused counts for its address, and not for the user that it names', async () => {
    const forged = person('admin', {
      id: people.admin.id,
      institution_id: people.institution_id,
      secret: 'another secret',
    });
    const from = { 'x-forwarded-for': `203.0.113.${randomInt(250)}` };
    const bring = (path: string) => get(url(), path, forged, from);
    const paths = [
      '/api/assignment/list',
      '/ops/schedules',
      '/integrity/runs/none',
      '/jobs/api/queues',
      '/api/assignment/list',
    ];
    for (const path of paths) expect([path, (await bring(path)).status]).toEqual([path, 401]);
    for (const path of paths) expect([path, (await bring(path)).status]).toEqual([path, 429]);
    expect((await list(people.admin)).status).toBe(200);
  });

  test('the addresses of one IPv6 network of 64 bits are one', async () => {
    const network = `2001:db8:${randomInt(0xffff).toString(16)}:1`;
    const observe = (from: string) =>
      post(url(), `/api/session/${randomUUID()}/observe`, null, undefined, { 'x-forwarded-for': from });
    for (let i = 0; i < LIMIT; i++) expect((await observe(`${network}::${i + 1}`)).status).toBe(404);
    expect((await observe(`${network}:ffff::1`)).status).toBe(429);
    expect((await observe(`${network}0::1`)).status).toBe(404);
  });

  test('health, readiness, metrics and docs are not counted', async () => {
    await exhaust(people.admin);
    for (const path of [
      '/health',
      '/livez',
      '/ready',
      '/metrics',
      '/api/docs',
      '/api/openapi.json',
      '/api/asyncapi.json',
      '/api/docs/page.js',
    ]) {
      for (let i = 0; i < LIMIT + 1; i++) {
        const { status, headers } = await get(url(), path, people.admin);
        expect({ path, status, limit: headers.get('x-ratelimit-limit') }).toEqual({ path, status: 200, limit: null });
      }
    }
  });

  test('another installation on the same Redis counts for itself', async () => {
    const other = await startStack(LIMITS);
    try {
      await exhaust(people.admin);
      expect((await list(people.admin)).status).toBe(429);
      expect((await get(other.url, '/api/assignment/list', people.admin)).status).toBe(200);
    } finally {
      await other.stop();
    }
  });
});

describe.skipIf(isLeftOut)('at a venue', () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack({
      ...{ ...LIMITS, TRUSTED_PROXIES: '127.0.0.1/32' },
      ...{ REAL_ADDRESS_HEADER: 'cf-connecting-ip', WS_ALLOWLIST: '192.0.2.0/24,2001:db8:7::/48' },
    });
  });
  afterAll(() => stack.stop());

  const observe = (from: Record<string, string>) =>
    post(stack.url, `/api/session/${randomUUID()}/observe`, null, undefined, from);
  const statusesOf = async (from: Record<string, string>) => {
    const statuses: number[] = [];
    for (let i = 0; i <= LIMIT; i++) statuses.push((await observe(from)).status);
    return statuses;
  };
  const COUNTED = [...Array(LIMIT).fill(404), 429];

  test('no address is counted, however it is written, and nothing is said about a limit', async () => {
    for (const address of ['192.0.2.7', '::ffff:192.0.2.8', '2001:db8:7::9']) {
      expect(await statusesOf({ 'cf-connecting-ip': address })).toEqual(Array(LIMIT + 1).fill(404));
    }
    const { headers } = await observe({ 'cf-connecting-ip': '192.0.2.7' });
    expect(headers.has('x-ratelimit-limit')).toBe(false);
  });

  test('users are counted as everywhere', async () => {
    const who = person('super_admin');
    const statuses: number[] = [];
    for (let i = 0; i <= LIMIT; i++) {
      const from = { 'cf-connecting-ip': '192.0.2.7' };
      statuses.push((await get(stack.url, '/api/assignment/list', who, from)).status);
    }
    expect(statuses).toEqual([...Array(LIMIT).fill(200), 429]);
  });

  test('the address of the header that is named counts, and a client’s own word for the venue does not', async () => {
    const own = { 'cf-connecting-ip': `198.51.100.${randomInt(250)}` };
    expect(await statusesOf({ ...own, 'x-forwarded-for': '192.0.2.7' })).toEqual(COUNTED);
    expect(await statusesOf({ 'x-forwarded-for': `192.0.2.7, 203.0.113.${randomInt(250)}` })).toEqual(COUNTED);
  });
});

describe.skipIf(isLeftOut)('where no proxy is trusted', () => {
  test('nobody gets more by claiming other addresses', async () => {
    const stack = await startStack(LIMITS);
    try {
      const statuses: number[] = [];
      for (let i = 0; i <= LIMIT; i++) {
        const headers = { 'x-forwarded-for': `10.0.0.${i}` };
        statuses.push((await post(stack.url, `/api/session/${randomUUID()}/observe`, null, undefined, headers)).status);
      }
      expect(statuses).toEqual([...Array(LIMIT).fill(404), 429]);
    } finally {
      await stack.stop();
    }
  });
});

describe.skipIf(isLeftOut)('a limit of 0', () => {
  test('is none, and nothing is said about it', async () => {
    const stack = await startStack();
    try {
      const who = person('super_admin');
      const answers = await Promise.all(Array.from({ length: 120 }, () => get(stack.url, '/api/assignment/list', who)));
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
      expect(answers[0]!.headers.has('x-ratelimit-limit')).toBe(false);
    } finally {
      await stack.stop();
    }
  });
});
