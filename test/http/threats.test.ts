/** Threats over HTTP: who sees which, what admins say of them, and which tokens count. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Answer, type Cast, cast, get, type Json, must, type Person, person, post } from '../support/client.ts';
import { isLeftOut, type Stack, startStack } from '../support/stack.ts';
import { untilAudited } from '../support/trail.ts';

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

  test('are read once for all admins of an institution until one is decided, and for nobody who may not know them', async () => {
    await switchOn();
    const [id, other] = [await find(people.institution_id), person('admin', { institution_id: people.institution_id })];
    const listed = async (who: Person, query = '') => idsOf(await must(read(who, query)));
    expect(await listed(people.admin)).toEqual([id]);
    // Nobody was told of it: a worker drops the page where it finds something.
    const later = await find(people.institution_id);
    expect([await listed(people.admin), await listed(other)]).toEqual([[id], [id]]);
    expect(await listed(other, '?limit=49')).toEqual([later, id]);
    const elsewhere = cast().admin;
    expect(fateOf(await read(elsewhere))).toBe('403 feature_disabled');
    const settings = `/api/institution/${elsewhere.institution_id}/settings`;
    await must(post(stack.url, settings, elsewhere, { telemetry: true }));
    expect(await listed(elsewhere)).toEqual([]);
    expect(await listed(person('super_admin'))).toEqual(expect.arrayContaining([later, id]));
    await must(decide(other, id));
    const { items } = await must(read(people.admin));
    expect(items).toMatchObject([{ id: later }, { id, status: 'confirmed', decided_by: other.id }]);
    expect((await must(read(person('super_admin')))).items).toContainEqual(items[1]);
    await switchOn(false);
    expect(fateOf(await read(people.admin))).toBe('403 feature_disabled');
  });

  describe('are decided, which stands on the audit trail', () => {
    const entries = async (who: Person) => {
      await untilAudited(stack.pool);
      const { items } = await must(get(stack.url, '/audit?type=admin_action', who));
      return items.filter(({ action }: Json) => action === 'threat.outcome') as Json[];
    };

    test('of their institution, each time that it is said what one was, and of the installation where they are of none', async () => {
      await switchOn();
      const [id, ofNobody] = [await find(people.institution_id), await find(null)];
      const root = person('super_admin');
      await must(decide(people.admin, id, { outcome: 'false_positive' }));
      const told = await must(decide(root, id));
      await must(decide(root, ofNobody));
      for (const refused of [await decide(people.admin, ofNobody), await decide(people.admin, id, {})])
        expect(refused.status).toBeGreaterThanOrEqual(400);
      const entry = { outcome: 'applied', code: null, command_id: null, count: 1, subject: `threat:${id}` };
      expect(await entries(people.admin)).toMatchObject([
        { ...entry, owner: people.institution_id, user_id: root.id, role: 'super_admin', happened_at: told.decided_at },
        { ...entry, owner: people.institution_id, user_id: people.admin.id, role: 'admin' },
      ]);
      expect((await entries(root)).filter(({ subject }) => subject === `threat:${ofNobody}`)).toMatchObject([
        { owner: (await stack.pool.query('select id from installation')).rows[0].id, user_id: root.id },
      ]);
    });

    test('or they are not decided', async () => {
      await switchOn();
      const id = await find(people.institution_id);
      await stack.pool.query(`
        create function refuse_entry() returns trigger language plpgsql as $$ begin raise exception 'refused'; end $$;
        create trigger refuse_entry before insert on commands for each row when (new.name = 'audit.record')
          execute function refuse_entry()`);
      expect((await decide(people.admin, id)).status).toBe(500);
      await stack.pool.query('drop trigger refuse_entry on commands; drop function refuse_entry()');
      expect((await must(read(people.admin))).items).toMatchObject([{ id, status: 'pending', decided_at: null }]);
      expect(await entries(people.admin)).toEqual([]);
    });
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
