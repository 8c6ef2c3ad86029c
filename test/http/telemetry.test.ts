/** Telemetry over HTTP: off until it is switched on, of nobody who has not agreed, stored once, and taken out whole. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { loginIdOf } from '../../src/core/loginId.ts';
import { readConfig } from '../../src/infra/process/config.ts';
import { type Answer, type Cast, cast, get, must, type Person, person, post } from '../support/client.ts';
import { isLeftOut, SECRET, type Stack, startStack } from '../support/stack.ts';
import { untilAudited } from '../support/trail.ts';

const agoOf = (ms: number) => new Date(Date.now() - ms).toISOString();
const batchOf = (changes: object = {}) => ({
  keystrokes: [{ t: 5, dwell: 80, flight: 0 }],
  mouse_movements: [{ t: 1, x: 10, y: 20 }],
  clicks: [],
  scrolls: [],
  navigation: [{ t: 0, path: '/sessions/of-the-harbour' }],
  metadata: { started_at: agoOf(30_000) },
  ...changes,
});

describe.skipIf(isLeftOut)('telemetry', () => {
  let stack: Stack;
  let people: Cast;

  beforeAll(async () => {
    stack = await startStack({ RATE_LIMIT_TELEMETRY_PER_HOUR: '4' });
  });
  afterAll(() => stack?.stop());
  beforeEach(() => {
    people = cast();
  });

  const fateOf = ({ status, body }: Answer) => `${status} ${body.code ?? ''}`.trim();
  const consent = (who: Person | null, body: object = { given: true }) =>
    post(stack.url, '/telemetry/consent', who, body);
  const send = (who: Person | null, body: unknown = batchOf()) => post(stack.url, '/telemetry/batches', who, body);
  const switchOn = (telemetry = true) =>
    must(post(stack.url, `/api/institution/${people.institution_id}/settings`, people.admin, { telemetry }));
  const stored = async (who: Person) =>
    (await stack.pool.query('select * from telemetry_batches where user_id = $1 order by received_at, id', [who.id]))
      .rows;

  test('is off, for everybody, until an admin switches it on; refusing it is possible all the same', async () => {
    expect(fateOf(await send(people.judge))).toBe('403 feature_disabled');
    expect(fateOf(await consent(people.judge))).toBe('403 feature_disabled');
    expect((await consent(people.judge, { given: false })).body).toMatchObject({ given: false, own: false });
    expect(fateOf(await send(person('super_admin')))).toBe('403 feature_disabled');
    expect(fateOf(await consent(person('super_admin'), { given: false }))).toBe('403 feature_disabled');
    expect(fateOf(await send(null))).toBe('401 unauthenticated');
    expect(fateOf(await consent(null))).toBe('401 unauthenticated');
    expect(await stored(people.judge)).toEqual([]);
  });

  test('is taken of nobody who has not agreed, and is no command', async () => {
    await switchOn();
    expect(fateOf(await send(people.judge))).toBe('403 no_consent');
    expect(fateOf(await send(people.judge, '{"keys":'))).toBe('403 no_consent');
    expect((await consent(people.judge)).body).toEqual({
      ...{ given: true, own: true, guardian: null, guardian_name: null },
      ...{ decided_at: expect.any(String), erased_by: null },
    });
    expect(await send(people.judge)).toMatchObject({ status: 202, body: { points: 3, stored: true } });
    const commands = await stack.pool.query('select name from commands where actor_id = $1', [people.judge.id]);
    expect(commands.rows).toEqual([]);
    const [row] = await stored(people.judge);
    expect(row).toMatchObject({ institution_id: people.institution_id, points: 3 });
    expect(row.behaviour.navigation).toEqual([{ t: 0, page: 0 }]);
    expect(JSON.stringify(row)).not.toContain('harbour');
  });

  test('is of the login session of its token, and of one person whatever another one sends', async () => {
    await switchOn();
    const { id } = people.judge;
    const of = (claims: object) => person('judge', { id, institution_id: people.institution_id, claims });
    await must(consent(people.judge));
    for (const claims of [{ sid: 's', jti: '1' }, { sid: 's', jti: '2' }, { jti: '3' }])
      expect((await send(of(claims))).status).toBe(202);
    const logins = (await stored(people.judge)).map(({ login_id }) => login_id);
    expect([logins[0] === logins[1], logins[0] === logins[2]]).toEqual([true, false]);
    const foreign = await send(people.judge, { ...batchOf(), login_id: logins[0] });
    expect(foreign).toMatchObject({ status: 422, body: { errors: [{ pointer: '/login_id' }] } });
    // The same person by another institution's token has agreed to nothing there.
    const guest = person('judge', { id, institution_id: randomUUID() });
    expect(fateOf(await send(guest))).toBe('403 feature_disabled');
  });

  test('is taken of no super_admin, whatever institution the token names', async () => {
    await switchOn();
    const root = person('super_admin', { institution_id: people.institution_id });
    expect(fateOf(await consent(root))).toBe('403 feature_disabled');
    expect(fateOf(await send(root))).toBe('403 feature_disabled');
    const { rowCount } = await stack.pool.query('select from telemetry_consents where user_id = $1', [root.id]);
    expect(rowCount).toBe(0);
  });

  test('is refused by who agreed before becoming a super_admin', async () => {
    await switchOn();
    await must(consent(people.judge));
    expect((await send(people.judge)).status).toBe(202);
    const { id, institution_id } = people.judge;
    const root = person('super_admin', { id, institution_id });
    expect((await consent(root, { given: false })).body).toMatchObject({ given: false, own: false });
    expect(fateOf(await send(people.judge))).toBe('403 no_consent');
  });

  test('that comes again is stored once', async () => {
    await switchOn();
    await must(consent(people.judge));
    const batch = batchOf();
    const answers = await Promise.all([1, 2, 3].map(() => send(people.judge, batch)));
    expect(answers.map(({ status }) => status)).toEqual([202, 202, 202]);
    expect(answers.filter(({ body }) => body.stored)).toHaveLength(1);
    expect(await stored(people.judge)).toHaveLength(1);
  });

  test('is bounded: 64 KiB, 2,000 entries, so many batches an hour, and times that were', async () => {
    await switchOn();
    await must(consent(people.judge));
    const clicks = (count: number, t = 0) => Array.from({ length: count }, () => ({ t, x: 1, y: 1 }));
    expect(fateOf(await send(people.judge, batchOf({ clicks: clicks(10_000) })))).toBe('413 too_large');
    expect(fateOf(await send(people.judge, batchOf({ clicks: clicks(2_001) })))).toBe('422 validation_failed');
    expect(await send(people.judge, batchOf({ clicks: clicks(1, -1) }))).toMatchObject({
      ...{ status: 422, body: { errors: [{ pointer: '/clicks/0/t' }] } },
    });
    expect(await send(people.judge, batchOf({ metadata: { started_at: agoOf(-60_000) } }))).toMatchObject({
      ...{ status: 422, body: { errors: [{ pointer: '/metadata/started_at', detail: 'is in the future' }] } },
    });
    expect(await send(people.judge)).toMatchObject({ status: 429, body: { code: 'rate_limited', limit: 'telemetry' } });
    expect(await stored(people.judge)).toEqual([]);
  });

  test('is refused where it is of a megabyte, of no characters that there are, of times to come, or of a name that is none', async () => {
    await switchOn();
    await must(consent(people.judge));
    const path = (text: string) => batchOf({ navigation: [{ t: 0, path: text }] });
    expect(fateOf(await send(people.judge, path(`/${'x'.repeat(1_048_576)}`)))).toBe('413 too_large');
    expect(await send(people.judge, path('/a\u0000b'))).toMatchObject({
      ...{
        status: 422,
        body: { errors: [{ pointer: '/navigation/0/path', detail: expect.stringContaining('U+0000') }] },
      },
    });
    const ahead = batchOf({ scrolls: [{ t: 60_000, dy: 1 }], metadata: { started_at: agoOf(0) } });
    expect(await send(people.judge, ahead)).toMatchObject({
      ...{ status: 422, body: { errors: [{ pointer: '/scrolls', detail: 'reaches into the future' }] } },
    });
    const guardian = { user_id: people.student.id, name: 'Nadia\u0000' };
    expect(fateOf(await consent(people.admin, { given: true, guardian }))).toBe('422 validation_failed');
    expect(await stored(people.judge)).toEqual([]);
  });

  test('is taken 120 times an hour, where nobody says otherwise', () => {
    const env = { DATABASE_URL: 'postgres://localhost/none', JWT_SECRET: SECRET };
    expect(readConfig(env, 'all').RATE_LIMIT_TELEMETRY_PER_HOUR).toBe(120);
  });

  test('is refused by whoever of the person and a guardian refuses it, and only admins write down what a guardian said', async () => {
    await switchOn();
    const { id: user_id } = people.petitioner;
    const guardian = { user_id, name: 'Nadia Petrova' };
    expect(fateOf(await consent(people.petitioner, { given: true, guardian }))).toBe('403 forbidden');
    expect(fateOf(await consent(person('super_admin'), { given: true, guardian }))).toBe('403 forbidden');
    expect((await consent(people.admin, { given: true, guardian })).body).toMatchObject({
      ...{ given: true, own: null, guardian: true, guardian_name: 'Nadia Petrova' },
    });
    expect((await send(people.petitioner)).status).toBe(202);
    expect((await consent(people.petitioner, { given: false })).body).toMatchObject({ given: false, own: false });
    expect(fateOf(await send(people.petitioner))).toBe('403 no_consent');
    expect((await consent(people.admin, { given: false, guardian })).body).toMatchObject({ given: false });
    expect((await consent(people.petitioner)).body).toMatchObject({ given: false, own: true, guardian: false });
    expect(fateOf(await send(people.petitioner))).toBe('403 no_consent');
    // Another institution's admin decides nothing here.
    const stranger = person('admin', { institution_id: randomUUID() });
    await consent(stranger, { given: false, guardian: { user_id: people.judge.id, name: 'X' } });
    await must(consent(people.judge));
    expect((await send(people.judge)).status).toBe(202);
  });

  test('that is switched off is taken no longer', async () => {
    await switchOn();
    await must(consent(people.judge));
    expect((await send(people.judge)).status).toBe(202);
    await switchOn(false);
    expect(fateOf(await send(people.judge))).toBe('403 feature_disabled');
  });

  const trailOf = async (action: string) => {
    await untilAudited(stack.pool);
    const { items } = await must(get(stack.url, '/audit?type=admin_action', people.admin));
    return items.filter((entry: { action: string }) => entry.action === action);
  };

  test('is on the audit trail where an admin writes down what a guardian said, without the name; what people say for themselves is not', async () => {
    await switchOn();
    const guardian = { user_id: people.petitioner.id, name: 'Nadia Petrova' };
    await must(consent(people.petitioner));
    await must(consent(people.admin, { given: true, guardian }));
    const { decided_at } = (await consent(people.admin, { given: false, guardian })).body;
    const entry = { user_id: people.admin.id, subject: `telemetry:${guardian.user_id}`, outcome: 'applied' };
    const trail = await trailOf('telemetry.consent');
    expect(trail).toMatchObject([{ ...entry, happened_at: decided_at }, entry]);
    expect(JSON.stringify(trail)).not.toContain('Petrova');
  });

  const RISK = {
    ...{ score: 64, level: 'high', weighed_most: 'flight_median', action: 'reauthenticate', anomalies: [] },
    components: { keystroke: 90, mouse: 60, navigation: null, time: 10 },
  };
  const riskOf = (who: Person | null, login_id: string) => get(stack.url, `/auth/sessions/${login_id}/risk`, who);

  test('has a risk that its person and the admins of the institution are told, and nobody else', async () => {
    const login_id = randomUUID();
    const assessed = `insert into telemetry_risks (login_id, institution_id, user_id, assessed_at, last_at, risk)
      values ($1, $2, $3, now(), now(), $4)`;
    await stack.pool.query(assessed, [login_id, people.institution_id, people.judge.id, JSON.stringify(RISK)]);
    const { anomalies: _, ...told } = RISK;
    for (const who of [people.judge, people.admin, person('super_admin')]) {
      const { context, context_parts, context_unknown, confidence, ...risk } = (await riskOf(who, login_id)).body;
      expect(risk).toEqual(told);
      expect(confidence).toBe(context);
      expect(context_parts).toMatchObject({ device: 75, network: 75, location: 75, history: 75 });
      expect(context_unknown).toEqual(expect.arrayContaining(['device', 'network', 'location', 'history']));
    }
    const elsewhere = (role: string) => person(role, { id: people.judge.id, institution_id: randomUUID() });
    const others = [people.presiding, people.petitioner, person('admin', { institution_id: randomUUID() })];
    for (const who of [...others, elsewhere('judge')]) {
      expect(fateOf(await riskOf(who, login_id))).toBe('404 not_found');
      expect(fateOf(await riskOf(who, randomUUID()))).toBe('404 not_found');
    }
    expect(fateOf(await riskOf(people.admin, 'x'))).toBe('404 not_found');
    expect(fateOf(await riskOf(null, login_id))).toBe('401 unauthenticated');
  });

  test('has a risk that is cached for each who was told, until all that is kept of its person goes', async () => {
    const login_id = randomUUID();
    const assess = (score: number) =>
      stack.pool.query(
        `insert into telemetry_risks (login_id, institution_id, user_id, assessed_at, last_at, risk)
         values ($1, $2, $3, now(), now(), $4)
         on conflict (login_id, institution_id, user_id) do update set risk = excluded.risk`,
        [login_id, people.institution_id, people.judge.id, JSON.stringify({ ...RISK, score })],
      );
    const told = async (who: Person) => (await riskOf(who, login_id)).body.score;
    await assess(64);
    const first = [await told(people.judge), await told(people.admin)];
    // Nobody was told of it: a worker drops what it replaces.
    await assess(81);
    expect([first, await told(people.judge), await told(people.admin)]).toEqual([[64, 64], 64, 64]);
    expect(await told(person('super_admin'))).toBe(81);
    const others = [people.presiding, person('admin', { institution_id: randomUUID() })];
    for (const who of others) expect(fateOf(await riskOf(who, login_id))).toBe('404 not_found');
    await must(post(stack.url, '/ops/tokens/revoke', person('super_admin'), { user_id: people.judge.id }));
    await expect.poll(() => told(people.admin)).toBe(81);
  });

  test('of which nothing is known has a risk that is not known, for its own person', async () => {
    const { token } = people.judge;
    const answer = await riskOf(people.judge, loginIdOf({ token }, '').toUpperCase());
    expect(answer.body).toMatchObject({ score: null, level: 'unknown', action: 'continue', weighed_most: null });
  });

  test('of which there is no telemetry has a risk that is not known, for its person and the admins of the institution', async () => {
    const login_id = randomUUID();
    const seen = `insert into logins (id, user_id, institution_id, first_seen, last_seen, expires_at)
      values ($1, $2, $3, now(), now(), now() + interval '1 hour')`;
    await stack.pool.query(seen, [login_id, people.judge.id, people.institution_id]);
    for (const who of [people.judge, people.admin, person('super_admin')]) {
      expect((await riskOf(who, login_id)).body).toMatchObject({ score: null, level: 'unknown', action: 'continue' });
    }
    for (const who of [people.presiding, person('admin', { institution_id: randomUUID() })]) {
      expect(fateOf(await riskOf(who, login_id))).toBe('404 not_found');
    }
  });

  test('is trained on where an admin asks for it, of people of the institution who agreed', async () => {
    const train = (who: Person, user_id: string) => post(stack.url, `/telemetry/models/${user_id}/train`, who);
    const { id } = people.judge;
    expect(fateOf(await train(people.admin, id))).toBe('403 feature_disabled');
    await switchOn();
    expect(fateOf(await train(people.admin, id))).toBe('404 not_found');
    await must(consent(people.judge));
    expect(fateOf(await train(people.judge, id))).toBe('403 forbidden');
    expect(fateOf(await train(person('admin', { institution_id: randomUUID() }), id))).toBe('403 feature_disabled');
    const asked = await train(people.admin, id);
    expect(asked).toMatchObject({ status: 202, body: { user_id: id } });
    for (const nobody of [randomUUID(), 'x']) expect(fateOf(await train(people.admin, nobody))).toBe('404 not_found');
    expect(await trailOf('telemetry.train')).toMatchObject([
      { user_id: people.admin.id, role: 'admin', subject: `telemetry:${id}`, happened_at: asked.body.asked_at },
    ]);
  });
});
