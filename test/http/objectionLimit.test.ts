/** Objections have a limit of their own, at the door: so many tries a minute for each user, whichever API is asked. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Answer, type Cast, cast, get, must, openSession, type Person, post } from '../support/client.ts';
import { isLeftOut, type Stack, startStack } from '../support/stack.ts';
import { expectIntact } from '../support/verdict.ts';

const LIMIT = 3;

describe.skipIf(isLeftOut)('of three objections a minute', () => {
  let stack: Stack;
  let people: Cast;
  let session: { session_id: string; path: string };
  let body: { turn_id: string; ground: string };

  beforeAll(async () => {
    stack = await startStack({ RATE_LIMIT_OBJECTIONS_PER_MINUTE: `${LIMIT}`, RATE_LIMIT_GENERAL_PER_MINUTE: '20' });
  });
  afterAll(() => stack.stop());

  beforeEach(async () => {
    people = cast();
    session = await openSession(stack.url, people);
    const { items } = (await get(stack.url, `${session.path}/turns`, people.admin)).body;
    const turn_id = items[0].id as string;
    body = { turn_id, ground: 'procedural' };
    const start = { turn_id, speaker_id: people.petitioner.id };
    await must(post(stack.url, `${session.path}/turn/start`, people.presiding, start));
  });

  let asked = 0;
  const raise = (who: Person, headers: Record<string, string> = {}, sent: unknown = body, path = session.path) =>
    post(stack.apis[asked++ % stack.apis.length]!, `${path}/objection/raise`, who, sent, headers);
  const fateOf = ({ status, body: { code = 'applied' } }: Answer) => `${status} ${code}`;

  test('those that the rules refuse count as well, and the answer says which limit and when to come back', async () => {
    const fates = [];
    for (let i = 0; i < LIMIT; i++) fates.push(fateOf(await raise(people.respondent)));
    expect(fates).toEqual(['200 applied', '409 objection_pending', '409 objection_pending']);
    const refused = await raise(people.respondent);
    expect(refused).toMatchObject({ status: 429, body: { code: 'rate_limited', limit: 'objection_raise' } });
    const seconds = refused.headers.get('retry-after');
    expect(seconds).toBe(`${Math.ceil(refused.body.retry_after_ms / 1_000)}`);
    expect(Number(seconds)).toBeGreaterThan(0);
    const told = ['limit', 'remaining', 'reset'].map((name) => refused.headers.get(`x-ratelimit-${name}`));
    expect(told).toEqual([`${LIMIT}`, '0', seconds]);
    expect(fateOf(await raise(people.petitioner))).toBe('403 not_opposing');
    expect((await get(stack.url, session.path, people.respondent)).status).toBe(200);
    const { rowCount } = await stack.pool.query(
      `select from commands where name = 'objection.raise' and actor_id = $1`,
      [people.respondent.id],
    );
    expect(rowCount).toBe(LIMIT);
    await expectIntact(stack.url, session.session_id, people.admin);
  });

  test('the limit comes before the body, the role, the schema and what is looked for', async () => {
    for (let i = 0; i < LIMIT; i++) expect(fateOf(await raise(people.student, {}, '{'))).toBe('400 malformed_json');
    const nowhere = `/api/session/${randomUUID()}`;
    for (const [sent, path] of [['{'], [{ ground: 'none' }], [body, nowhere], ['x'.repeat(100_000)]] as const) {
      expect(fateOf(await raise(people.student, {}, sent, path))).toBe('429 rate_limited');
    }
  });

  test('a repetition under its key is answered with the first outcome and counts for nothing', async () => {
    const key = () => ({ 'idempotency-key': randomUUID() });
    const [first, second] = [key(), key()];
    const { body: raised } = await raise(people.respondent, first);
    for (let i = 0; i < LIMIT; i++) expect((await raise(people.respondent, first)).body).toEqual(raised);
    expect(fateOf(await raise(people.respondent, second))).toBe('409 objection_pending');
    expect(fateOf(await raise(people.respondent))).toBe('409 objection_pending');
    expect(fateOf(await raise(people.respondent, key()))).toBe('429 rate_limited');
    const again = await raise(people.respondent, first);
    expect([again.status, again.headers.get('idempotent-replayed')]).toEqual([200, 'true']);
    expect(again.body).toEqual(raised);
    expect(fateOf(await raise(people.respondent, second))).toBe('409 objection_pending');
    expect(fateOf(await raise(people.respondent, { 'idempotency-key': 'ä' }))).toBe('429 rate_limited');
    // Another's key is none of theirs.
    for (let i = 0; i < LIMIT; i++) await raise(people.petitioner, first);
    expect(fateOf(await raise(people.petitioner, second))).toBe('403 not_opposing');
    await expectIntact(stack.url, session.session_id, people.admin);
  });

  test('the limit of all commands comes first, for repetitions too', async () => {
    const key = { 'idempotency-key': randomUUID() };
    await raise(people.respondent, key);
    await Promise.all(Array.from({ length: 20 }, () => post(stack.url, `${session.path}/start`, people.respondent)));
    expect(await raise(people.respondent, key)).toMatchObject({ status: 429, body: { limit: 'general_api' } });
  });
});
