/** Threats over HTTP: who sees which, what admins say of them, and which tokens count. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Answer, type Cast, cast, get, type Json, must, type Person, person, post } from '../support/client.ts';
import { isLeftOut, type Stack, startStack } from '../support/stack.ts';

describe.skipIf(isLeftOut)('threats', () => {
  let stack: Stack;
  let people: Cast;

  beforeAll(async () => {
    stack = await startStack();
  });
  afterAll(() => stack?.stop());
  beforeEach(() => {
    people = cast();
  });

  const fateOf = ({ status, body }: Answer) => `${status} ${body.code ?? ''}`.trim();
  const read = (who: Person | null, query = '') => get(stack.url, `/threats${query}`, who);
  const decide = (who: Person | null, id: string, body: unknown = { outcome: 'confirmed' }) =>
    post(stack.url, `/threats/${id}/outcome`, who, body);
  const switchOn = (telemetry = true) =>
    must(post(stack.url, `/api/institution/${people.institution_id}/settings`, people.admin, { telemetry }));

  async function find(institution_id: string | null, minutes_ago = 0): Promise<string> {
    const id = randomUUID();
    await stack.pool.query(
      `insert into threat_predictions (id, institution_id, type, found_by, subject_kind, subject, confidence, evidence, predicted_at)
       values ($1::uuid, $2, 'brute_force_attack', 'brute_force', $3, $1::uuid::text, 100, $4, now() - $5 * interval '1 minute')`,
      [
        id,
        institution_id,
        institution_id ? 'user' : 'address',
        { numbers: { failures: 12 }, indicators: [] },
        minutes_ago,
      ],
    );
    return id;
  }
  const idsOf = (list: Json) => list.items.map(({ id }: Json) => id);

  test('are there for admins of institutions that have telemetry on, and for nobody else', async () => {
    const id = await find(people.institution_id);
    expect(fateOf(await read(people.admin))).toBe('403 feature_disabled');
    expect(fateOf(await decide(people.admin, id))).toBe('403 feature_disabled');
    await switchOn();
    const [threat] = (await must(read(people.admin))).items;
    expect(threat).toEqual({
      ...{ id, institution_id: people.institution_id, type: 'brute_force_attack', found_by: 'brute_force' },
      ...{ subject_kind: 'user', subject: id, confidence: 100, status: 'pending' },
      evidence: { numbers: { failures: 12 }, indicators: [] },
      ...{ predicted_at: expect.any(String), seen_at: expect.any(String), decided_at: null, decided_by: null },
    });
    for (const who of [people.judge, people.student]) {
      expect(fateOf(await read(who))).toBe('403 forbidden');
      expect(fateOf(await decide(who, id))).toBe('403 forbidden');
    }
    expect(fateOf(await read(null))).toBe('401 unauthenticated');
    expect(fateOf(await decide(null, id))).toBe('401 unauthenticated');
  });

  test('of another institution, or found by an address alone, are not there for an admin', async () => {
    await switchOn();
    const [own, ofNobody, elsewhere] = [await find(people.institution_id), await find(null), await find(randomUUID())];
    expect(idsOf(await must(read(people.admin)))).toEqual([own]);
    const missing = await decide(people.admin, randomUUID());
    for (const id of [ofNobody, elsewhere, 'x']) {
      const { status, body } = await decide(people.admin, id);
      const { request_id: _, ...told } = body;
      expect({ status, body: told }).toMatchObject({
        status: 404,
        body: { code: 'not_found', detail: missing.body.detail },
      });
    }
    const root = person('super_admin');
    expect(idsOf(await must(read(root, '?limit=200')))).toEqual(expect.arrayContaining([own, ofNobody, elsewhere]));
    expect((await must(decide(root, ofNobody))).status).toBe('confirmed');
    expect((await stack.pool.query('select id from threat_predictions where status <> $1', ['pending'])).rows).toEqual([
      { id: ofNobody },
    ]);
  });

  test('are listed with the newest first, in pages', async () => {
    await switchOn();
    const ids = [];
    for (const minutes of [0, 1, 2]) ids.push(await find(people.institution_id, minutes));
    const first = await must(read(people.admin, '?limit=2'));
    expect(idsOf(first)).toEqual(ids.slice(0, 2));
    const rest = await must(read(people.admin, `?limit=2&cursor=${first.next_cursor}`));
    expect([idsOf(rest), rest.next_cursor]).toEqual([ids.slice(2), null]);
    expect(fateOf(await read(people.admin, '?cursor=x'))).toBe('422 validation_failed');
  });

  test('have the outcome that an admin said last', async () => {
    await switchOn();
    const id = await find(people.institution_id);
    expect(fateOf(await decide(people.admin, id, { outcome: 'pending' }))).toBe('422 validation_failed');
    for (const outcome of ['false_positive', 'prevented', 'confirmed']) {
      const told = await must(decide(people.admin, id.toUpperCase(), { outcome }));
      expect(told).toMatchObject({ id, status: outcome, decided_by: people.admin.id, decided_at: expect.any(String) });
    }
    expect((await must(read(people.admin))).items).toMatchObject([{ id, status: 'confirmed' }]);
  });

  test('have an accuracy that is not said of too few', async () => {
    await switchOn();
    expect((await must(read(people.admin))).accuracy).toBe(null);
    const store = (resolved: number) =>
      stack.pool.query(
        `insert into threat_accuracies values ($1, now(), $2, 20)
         on conflict (institution_id) do update set resolved = $2`,
        [people.institution_id, resolved],
      );
    await store(29);
    const few = { days: 30, n: 29, correct: 20, accuracy: null, interval: null, reckoned_at: expect.any(String) };
    expect((await must(read(people.admin))).accuracy).toEqual(few);
    await store(40);
    expect((await must(read(people.admin))).accuracy).toMatchObject({
      n: 40,
      accuracy: 50,
      interval: { from: 35, to: 65 },
    });
    expect((await must(read(person('super_admin')))).accuracy).toBe(null);
  });

  test('tokens with a bad signature count by address, on requests and on sockets; those that have ended do not', async () => {
    const forged = person('judge', { secret: 'thirty-two bytes of another secret, or so' });
    const ended = person('judge', { claims: { exp: Math.floor(Date.now() / 1_000) - 3_600 } });
    for (const who of [forged, forged, ended]) expect(fateOf(await read(who))).toBe('401 unauthenticated');
    const headers = { authorization: `Bearer ${forged.token}` };
    expect((await fetch(`${stack.relayUrl}/live/sse/${randomUUID()}`, { headers })).status).toBe(401);
    const counted = async () =>
      (
        await stack.pool.query(
          'select sum(count)::integer as n, count(distinct address)::integer as of from threat_bad_signatures',
        )
      ).rows[0];
    await expect.poll(counted).toEqual({ n: 3, of: 1 });
  });
});
