/** Threats are found from what there is, kept once, told once, judged by what admins say of them, and gone after their time. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { calculateAccuracy } from '../../jobs/threats/calculateAccuracy.ts';
import { cleanUpThreats } from '../../jobs/threats/cleanUpThreats.ts';
import { countActivity } from '../../jobs/threats/countActivity.ts';
import { generatePredictions } from '../../jobs/threats/generatePredictions.ts';
import { runDetections } from '../../jobs/threats/runDetections.ts';
import { tellThreats } from '../../jobs/threats/tellThreats.ts';
import { updateModels } from '../../jobs/threats/updateModels.ts';
import { NIL_ID, newCommandId } from '../../src/core/chain/ids.ts';
import { CONSOLE } from '../../src/infra/console/tellConsole.ts';
import { storeThreats } from '../../src/threats/storeThreats.ts';
import { openWorkbench, type Workbench } from '../support/jobTools.ts';
import { isLeftOut } from '../support/stack.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const NETWORK = 'a'.repeat(32);
/** Where it was noon two hours ago, so that nothing is sent at night. Zones of this name count from east to west. */
const EAST = 12 - new Date(Date.now() - 2 * HOUR_MS).getUTCHours();
const NOON = `Etc/GMT${EAST > 0 ? '-' : '+'}${Math.abs(EAST)}`;
const TABLES = ['threat_bad_signatures', 'threat_activity', 'threat_predictions', 'threat_accuracies', 'threat_models'];

describe.skipIf(isLeftOut)('threats', () => {
  let bench: Workbench;
  let institution_id: string;

  beforeAll(async () => {
    bench = await openWorkbench({ movesClock: false });
  });
  afterAll(() => bench.close());
  beforeEach(async () => {
    await rowsOf(`truncate ${TABLES.join(', ')}`);
    for (const table of ['logins', 'login_places', 'commands', 'notices', 'notice_reads'])
      await rowsOf(`delete from ${table}`);
    await rowsOf('update institution_settings set telemetry = false');
    await rowsOf(`update threat_mark set after = '00000000-0000-0000-0000-000000000000'`);
    institution_id = await newInstitution(true);
  });

  const rowsOf = async (text: string, ...values: unknown[]) => (await bench.database.pool.query(text, values)).rows;
  const agoOf = (ms: number) => new Date(Date.now() - ms).toISOString();
  const predictions = () =>
    rowsOf('select * from threat_predictions order by found_by, subject') as Promise<Record<string, unknown>[]>;

  async function newInstitution(telemetry: boolean): Promise<string> {
    const id = randomUUID();
    await rowsOf(
      `insert into institution_settings values ($1, $2, $3, false, false, true, true, now())`,
      ...[id, NOON, telemetry],
    );
    return id;
  }

  /** Signed in within the hour, from a network. */
  async function signIn(network = NETWORK, of = institution_id, first_seen = agoOf(MINUTE_MS)): Promise<string> {
    const [user_id, login_id] = [randomUUID(), randomUUID()];
    const text = `insert into logins values ($1, $2, $3, $4, now(), now() + interval '1 hour')`;
    await rowsOf(text, login_id, user_id, of, first_seen);
    const place = `insert into login_places values ($1, 'network', $2, $3, now()), ($1, 'device', $2, $3, now())`;
    await rowsOf(place, login_id, network, first_seen);
    return user_id;
  }

  /** So many commands of a noun, all at one moment. */
  async function send(
    user_id: string,
    name: string,
    count: number,
    ago_ms: number,
    of = institution_id,
  ): Promise<void> {
    const ids = Array.from({ length: count }, () => newCommandId(Date.now() - ago_ms));
    await rowsOf(
      `insert into commands (id, name, stream, streams, input, actor_id, actor_role, actor_institution_id, reply_to, request_id,
         accepted_at)
       select id, $2, 's', array['s'], '{}', $3, 'judge', $4, 'r', 'q', $5 from unnest($1::uuid[]) as id`,
      ...[ids, name, user_id, of, agoOf(ago_ms)],
    );
  }

  /** Refused so many times, a minute after the other. */
  async function refuse(user_id: string, count: number, code = 'forbidden', more: object = {}): Promise<void> {
    const {
      route = 'POST /api/session/:session_id/start',
      tries = 1,
      ago_ms = MINUTE_MS,
      of = institution_id,
    } = more as Record<string, never>;
    await rowsOf(
      `insert into audit_entries (id, owner, event_sequence, type, user_id, role, action, outcome, code, count, happened_at, recorded_at)
       select gen_random_uuid(), $1, 1, 'access_deny', $2, 'participant', $3, 'refused', $4, $5, at, at
       from generate_series(1, $6) n, lateral (select $7::timestamptz - n * interval '1 second' as at) t`,
      ...[of, user_id, route, code, tries, count, agoOf(ago_ms)],
    );
  }

  const forge = (address: string, count: number, ago_ms = MINUTE_MS, network = NETWORK) =>
    rowsOf(
      `insert into threat_bad_signatures values (date_trunc('minute', $3::timestamptz), $1, $4, $2)`,
      ...[address, count, agoOf(ago_ms), network],
    );

  /** An outcome for each, of threats that features have found. */
  async function resolve(count: number, status: string, of = institution_id, feature = 'denials'): Promise<void> {
    const evidence = { numbers: {}, indicators: [{ feature, value: 900, from: 800, severity: 3 }] };
    await rowsOf(
      `insert into threat_predictions (id, institution_id, type, found_by, subject_kind, subject, confidence, evidence, status,
         decided_at, decided_by)
       select gen_random_uuid(), $1, 'suspicious_activity', 'features', 'user', gen_random_uuid()::text, 100, $2, $3, now(),
         gen_random_uuid()
       from generate_series(1, $4)`,
      ...[of, JSON.stringify(evidence), status, count],
    );
  }

  async function published(): Promise<{ event: string; to: object; body: Record<string, unknown> }[]> {
    const heard: { event: string; to: object; body: Record<string, unknown> }[] = [];
    const end = await bench.tools.broadcast.subscribe(CONSOLE, (text) => heard.push(JSON.parse(text)));
    onTestFinished(() => void end());
    return heard;
  }

  describe('activity', () => {
    const counted = () => rowsOf('select user_id, noun, count from threat_activity order by noun');

    test('is counted once from the inbox, by hour and noun, of people where threats are on', async () => {
      const user_id = randomUUID();
      await send(user_id, 'turn.start', 2, HOUR_MS);
      await send(user_id, 'session.start', 1, HOUR_MS);
      await send(randomUUID(), 'turn.start', 1, HOUR_MS, await newInstitution(false));
      await send(user_id, 'turn.start', 1, MINUTE_MS);
      expect(await countActivity(bench.tools.pool, () => false)).toBe(4);
      expect(await countActivity(bench.tools.pool, () => false)).toBe(0);
      expect(await counted()).toEqual([
        { user_id, noun: 'session', count: 1 },
        { user_id, noun: 'turn', count: 2 },
      ]);
    });

    test('is counted in portions, each of which is whole', async () => {
      await send(randomUUID(), 'turn.start', 700, HOUR_MS);
      let portions = 1;
      expect(await countActivity(bench.tools.pool, () => portions-- <= 0)).toBe(500);
      expect(await counted()).toMatchObject([{ count: 500 }]);
      expect(await countActivity(bench.tools.pool, () => false)).toBe(200);
      expect(await counted()).toMatchObject([{ count: 700 }]);
    });
  });

  describe('run_threat_detections', () => {
    test('finds brute force by an address in an hour that two runs share, for super_admins, and tells them once', async () => {
      const heard = await published();
      await forge('198.51.100.7', 5, 50 * MINUTE_MS);
      await forge('198.51.100.7', 5, 70 * MINUTE_MS);
      await forge('198.51.100.8', 9);
      await forge('198.51.100.9', 5, 5 * MINUTE_MS);
      await forge('198.51.100.9', 5, 90 * MINUTE_MS);
      expect(await runDetections.run(bench.tools)).toMatchObject({ found: 1, again: 0, told: 1, is_complete: true });
      expect(await predictions()).toMatchObject([
        {
          ...{ institution_id: null, type: 'brute_force_attack', found_by: 'brute_force', subject_kind: 'address' },
          ...{ subject: '198.51.100.7', confidence: 100, status: 'pending' },
          evidence: { numbers: { failures: 10 }, indicators: [] },
        },
      ]);
      expect(await rowsOf('select audience, kind from notices')).toEqual([
        { audience: 'super_admins', kind: 'notice' },
      ]);
      await expect
        .poll(() => heard.find(({ event }) => event === 'threat_alert'))
        .toMatchObject({
          to: { admins: null },
          body: { threat: 'brute_force_attack', subject: '198.51.100.7', confidence: 100 },
        });
      expect(await runDetections.run(bench.tools)).toMatchObject({ found: 0, again: 1, told: 0 });
    });

    test('tells admins of all that it finds at once, and never again, whatever became of the notice', async () => {
      await rowsOf(
        `insert into threat_bad_signatures
         select date_trunc('minute', now()), '2001:db8:0:' || to_hex(n) || '::/64', $1, 10 from generate_series(1, 600) n`,
        NETWORK,
      );
      await rowsOf(
        `insert into notices (id, audience, kind, key, text) values (gen_random_uuid(), 'super_admins', 'notice', 'k', 'Tampered.')`,
      );
      expect(await runDetections.run(bench.tools)).toMatchObject({ found: 500, told: 500 });
      const notices = () => rowsOf('select text from notices where audience = $1 order by text', 'super_admins');
      expect(await notices()).toEqual([
        { text: 'Tampered.' },
        {
          text: expect.stringContaining(
            '500 threats, the surest of them brute_force_attack by the address 2001:db8:0:',
          ),
        },
      ]);
      await rowsOf('delete from notices');
      expect(await runDetections.run(bench.tools)).toMatchObject({ found: 0, again: 500, told: 0 });
      expect(await notices()).toEqual([]);
    });

    test('tells of what becomes sure, once', async () => {
      await rowsOf(
        `insert into threat_predictions (id, type, found_by, subject_kind, subject, confidence, evidence)
         values (gen_random_uuid(), 'brute_force_attack', 'brute_force', 'address', '198.51.100.7', 75, '{}')`,
      );
      await forge('198.51.100.7', 10);
      expect(await runDetections.run(bench.tools)).toMatchObject({ found: 0, again: 1, told: 1 });
      expect(await runDetections.run(bench.tools)).toMatchObject({ found: 0, again: 1, told: 0 });
    });

    const store = (...sure: [subject: string, confidence: number][]) =>
      storeThreats(
        bench.tools.pool,
        sure.map(([subject, confidence]) => ({
          ...{ institution_id: null, type: 'brute_force_attack', found_by: 'brute_force', subject_kind: 'address' },
          ...{ subject, confidence, evidence: { numbers: {}, indicators: [] } },
        })),
      );
    const told = async () =>
      (await rowsOf('select text from notices order by created_at, id')).map(({ text }) => text as string);

    test('tells once of what is sure, less sure and sure again, and of all that is found beside it', async () => {
      await store(['198.51.100.7', 83]);
      expect(await tellThreats(bench.tools)).toBe(1);
      await store(['198.51.100.7', 77]);
      expect(await tellThreats(bench.tools)).toBe(0);
      await store(['198.51.100.7', 83], ['198.51.100.8', 81]);
      expect(await tellThreats(bench.tools)).toBe(1);
      expect(await told()).toEqual(['7', '8'].map((n) => expect.stringContaining(`198.51.100.${n},`)));
    });

    test('tells of others with what is told again, whatever was told of it before', async () => {
      await store(['198.51.100.7', 83]);
      expect(await tellThreats(bench.tools)).toBe(1);
      await rowsOf('update threat_predictions set told_at = null');
      await store(['198.51.100.8', 81]);
      expect(await tellThreats(bench.tools)).toBe(2);
      expect(await told()).toEqual([expect.any(String), expect.stringContaining('2 threats, the surest of them')]);
    });

    test('keeps the latest addresses where there are too many, and those of nobody else go', async () => {
      await rowsOf(
        `insert into threat_predictions (id, type, found_by, subject_kind, subject, confidence, evidence, seen_at, told_at)
         select gen_random_uuid(), 'brute_force_attack', 'brute_force', 'address', n::text, 100, '{}',
           now() - n * interval '1 second', now() from generate_series(1, 5000) n`,
      );
      await resolve(1, 'confirmed', undefined);
      await forge('198.51.100.7', 10);
      await forge('5000', 10);
      expect(await runDetections.run(bench.tools)).toMatchObject({ found: 1, again: 1, told: 1 });
      const pending = `select subject from threat_predictions where status = 'pending'`;
      const subjects = (await rowsOf(pending)).map(({ subject }) => subject);
      expect(subjects).toHaveLength(5_000);
      expect(subjects).toEqual(expect.arrayContaining(['198.51.100.7', '5000', '4998']));
      expect(subjects).not.toContain('4999');
    });

    test('finds who was refused three times among the last twenty, where it is switched on', async () => {
      const [found, busy, twice] = [randomUUID(), randomUUID(), randomUUID()];
      for (const who of [found, busy]) await refuse(who, 3, 'forbidden', { ago_ms: 3 * HOUR_MS });
      await refuse(twice, 2);
      await refuse(twice, 9, 'not_found');
      await send(found, 'turn.start', 17, HOUR_MS);
      await send(busy, 'turn.start', 18, HOUR_MS);
      expect(await runDetections.run(bench.tools)).toMatchObject({ counted: 35, found: 1, told: 1 });
      const evidence = { numbers: { refused: 3, sent_since: 17 }, indicators: [] };
      expect(await predictions()).toMatchObject([
        { institution_id, type: 'privilege_escalation', subject_kind: 'user', subject: found, evidence },
      ]);
      await rowsOf('truncate threat_predictions');
      await rowsOf('update institution_settings set telemetry = false');
      expect(await runDetections.run(bench.tools)).toMatchObject({ found: 0 });
    });

    test('finds three people who try one route ten times within the hour', async () => {
      const people = [randomUUID(), randomUUID(), randomUUID()];
      const route = 'GET /api/session/:session_id';
      for (const [i, who] of people.entries()) await refuse(who, 1, 'not_found', { route, tries: i === 0 ? 8 : 1 });
      for (const who of people)
        await refuse(who, 1, 'feature_disabled', { route: 'POST /telemetry/batches', tries: 50 });
      for (const who of people) await refuse(who, 1, 'not_found', { route: 'GET /a', tries: 9, ago_ms: 2 * HOUR_MS });
      expect(await runDetections.run(bench.tools)).toMatchObject({ found: 1 });
      const numbers = { people: 3, tries: 10 };
      expect(await predictions()).toMatchObject([
        { institution_id, type: 'automated_attack', subject_kind: 'route', subject: route, evidence: { numbers } },
      ]);
    });

    test('looks at every institution though one of them fails, and says so at the end', async () => {
      const [first, last] = [institution_id, await newInstitution(true)].sort() as [string, string];
      // More than can be counted.
      for (let n = 0; n < 3; n += 1) await refuse(randomUUID(), 1, 'not_found', { tries: 2_000_000_000, of: first });
      const found = randomUUID();
      await refuse(found, 3, 'forbidden', { of: last });
      await refuse('an-operator', 3, 'forbidden', { of: last });
      await forge('198.51.100.7', 1, 25 * HOUR_MS);
      await expect(runDetections.run(bench.tools)).rejects.toThrow(
        '1 of them failed, the others are done; the first: ',
      );
      expect(await predictions()).toMatchObject(
        [
          { institution_id: last, subject: 'an-operator' },
          { institution_id: last, subject: found },
        ].sort((a, b) => (a.subject < b.subject ? -1 : 1)),
      );
      expect(await rowsOf('select from threat_bad_signatures')).toEqual([]);
    });

    test('removes bad signatures after 24 hours, and activity after eight days', async () => {
      await forge('198.51.100.7', 1, 23 * HOUR_MS);
      await forge('198.51.100.7', 1, 25 * HOUR_MS);
      const text = `insert into threat_activity values ($1, gen_random_uuid(), $2, 'turn', 1)`;
      await rowsOf(text, institution_id, agoOf(192 * HOUR_MS));
      await rowsOf(text, institution_id, agoOf(194 * HOUR_MS));
      const removed = { bad_signatures: 1, activity: 1 };
      expect(await runDetections.run(bench.within(0))).toMatchObject({
        removed: { bad_signatures: 0 },
        is_complete: false,
      });
      expect(await runDetections.run(bench.tools)).toMatchObject({ removed, is_complete: true });
      expect(await runDetections.run(bench.tools)).toMatchObject({ removed: { bad_signatures: 0, activity: 0 } });
    });
  });

  describe('generate_threat_predictions', () => {
    test('reckons features from sign-ins, commands, refusals and bad signatures, and keeps what is a threat', async () => {
      const user_id = await signIn(NETWORK, institution_id, agoOf(30 * HOUR_MS));
      await signIn('b'.repeat(32));
      for (const day of [2, 3, 4]) await send(user_id, 'turn.start', 10, day * 24 * HOUR_MS);
      await send(user_id, 'exhibit.upload', 8, 2 * HOUR_MS);
      await send(user_id, 'turn.start', 2, 2 * HOUR_MS);
      await refuse(user_id, 40);
      await forge('198.51.100.7', 4);
      const run = await generatePredictions.run(bench.tools);
      expect(run).toMatchObject({ counted: 40, assessed: 2, found: 1, told: 1, is_complete: true });
      const [threat] = await predictions();
      expect(threat).toMatchObject({
        ...{ institution_id, type: 'privilege_escalation', found_by: 'features', subject: user_id, confidence: 83 },
        evidence: {
          numbers: {
            ...{ failed_logins: 4, scope_deviation: 800, frequency_change: 1_000, new_networks: 0, devices: 1 },
            ...{ denials: 800, odd_hours: 0 },
          },
          indicators: expect.arrayContaining([
            { feature: 'scope_deviation', value: 800, from: 800, severity: 2 },
            { feature: 'denials', value: 800, from: 800, severity: 3 },
          ]),
        },
      });
    });

    test('says nothing of bad signatures from a network that several people are in', async () => {
      const [one, other] = [await signIn(), await signIn()];
      const alone = await signIn('c'.repeat(32));
      await forge('198.51.100.7', 50);
      await forge('203.0.113.7', 10, MINUTE_MS, 'c'.repeat(32));
      expect(await generatePredictions.run(bench.tools)).toMatchObject({ assessed: 3, found: 1 });
      expect(await predictions()).toMatchObject([{ type: 'brute_force_attack', subject: alone }]);
      expect([one, other]).not.toContain(alone);
    });

    test('finds the same again, and is quiet for a day about what an admin has decided', async () => {
      const user_id = await signIn();
      await refuse(user_id, 10);
      expect(await generatePredictions.run(bench.tools)).toMatchObject({ found: 1, again: 0, told: 1 });
      expect(await generatePredictions.run(bench.tools)).toMatchObject({ found: 0, again: 1, told: 0 });
      const decide = `update threat_predictions set status = 'false_positive', decided_by = gen_random_uuid(), decided_at = $1`;
      await rowsOf(decide, agoOf(HOUR_MS));
      expect(await generatePredictions.run(bench.tools)).toMatchObject({ found: 0, again: 0 });
      await rowsOf(decide, agoOf(25 * HOUR_MS));
      expect(await generatePredictions.run(bench.tools)).toMatchObject({ found: 1 });
      expect(await predictions()).toHaveLength(2);
    });

    test('goes on behind a page that fails, and says so at the end', async () => {
      const signedIn = (user_id: string) =>
        rowsOf(
          `insert into logins values (gen_random_uuid(), $1, $2, now(), now(), now() + interval '1 hour')`,
          ...[user_id, institution_id],
        );
      const [first, last] = ['00000000-0000-4000-8000-000000000001', 'ffffffff-ffff-4fff-bfff-ffffffffffff'] as const;
      for (const user_id of [first, last]) await signedIn(user_id);
      for (let n = 0; n < 150; n += 1) await signedIn(randomUUID());
      // More than can be counted.
      await rowsOf(
        `insert into threat_activity select $1, $2, now() - n * interval '1 hour', 'turn', 2000000000 from generate_series(1, 3) n`,
        ...[institution_id, first],
      );
      await refuse(last, 10);
      await expect(generatePredictions.run(bench.tools)).rejects.toThrow('1 of them failed');
      expect(await predictions()).toMatchObject([{ subject: last }]);
    });

    test('drops the page that was read of an institution, and of all, where something is found or found again', async () => {
      const { cache } = bench.tools;
      const [owners, page] = [[institution_id, 'all', randomUUID()], z.object({ items: z.array(z.string()) })];
      const find = () =>
        Promise.all(owners.map(async (id) => (await cache.get('threat_predictions', id, page))?.items));
      const keep = async () => {
        for (const id of owners) await cache.put('threat_predictions', id, { items: ['x'] });
        return find();
      };
      // What was dropped a moment ago is not kept.
      await expect.poll(keep).toEqual([['x'], ['x'], ['x']]);
      await generatePredictions.run(bench.tools);
      expect(await find()).toEqual([['x'], ['x'], ['x']]);
      await refuse(await signIn(), 10);
      expect(await generatePredictions.run(bench.tools)).toMatchObject({ found: 1 });
      expect(await find()).toEqual([undefined, undefined, ['x']]);
      await expect.poll(keep).toEqual([['x'], ['x'], ['x']]);
      expect(await generatePredictions.run(bench.tools)).toMatchObject({ again: 1 });
      expect(await find()).toEqual([undefined, undefined, ['x']]);
    });

    test('goes through everybody, page after page, and begins no page when its time is over', async () => {
      await rowsOf(
        `insert into logins select gen_random_uuid(), gen_random_uuid(), $1, now(), now(), now() from generate_series(1, 250)`,
        institution_id,
      );
      expect(await generatePredictions.run(bench.tools)).toMatchObject({ assessed: 250, is_complete: true });
      expect(await generatePredictions.run(bench.within(2))).toMatchObject({ assessed: 100, is_complete: false });
    });
  });

  test('calculate_prediction_accuracy stores how often threats were right, and warns where it is too seldom', async () => {
    const other = await newInstitution(true);
    await resolve(20, 'confirmed');
    await resolve(3, 'prevented');
    await resolve(7, 'false_positive');
    await resolve(1, 'false_positive', other);
    expect(await calculateAccuracy.run(bench.tools)).toEqual({ institutions: 2, warned: 2, is_complete: true });
    const stored = await rowsOf('select institution_id, resolved, correct from threat_accuracies order by resolved');
    expect(stored).toEqual([
      { institution_id: other, resolved: 1, correct: 0 },
      { institution_id, resolved: 30, correct: 23 },
      { institution_id: NIL_ID, resolved: 31, correct: 23 },
    ]);
    const [notice] = await rowsOf('select text from notices where audience = $1', `admins:${institution_id}`);
    expect(notice.text).toContain('right in 77 per cent only (between 59 and 88 per cent, by 30 outcomes of 30 days)');
    expect(await calculateAccuracy.run(bench.tools)).toMatchObject({ warned: 0 });
    expect(await rowsOf('select from threat_accuracies')).toHaveLength(3);
  });

  test('update_threat_models is skipped under 100 labels, and from there on weighs what was wrong for less', async () => {
    await resolve(60, 'false_positive');
    await resolve(39, 'confirmed', institution_id, 'failed_logins');
    expect(await updateModels.run(bench.tools)).toEqual({ skipped: expect.stringContaining('the most is 99') });
    expect(await rowsOf('select from threat_models')).toEqual([]);
    await resolve(1, 'confirmed', institution_id, 'failed_logins');
    expect(await updateModels.run(bench.tools)).toEqual({ updated: 1, is_complete: true });
    const shifts = { denials: -1, failed_logins: 1 };
    expect(await rowsOf('select institution_id, labels, shifts from threat_models')).toEqual([
      { institution_id, labels: 100, shifts },
    ]);
    // What was enough by itself is so no longer here.
    await refuse(await signIn(), 10);
    expect(await generatePredictions.run(bench.tools)).toMatchObject({ assessed: 1, found: 0 });
  });

  test('cleanup_old_threat_predictions removes what is older than 30 days', async () => {
    const day_ms = 24 * HOUR_MS;
    await resolve(700, 'confirmed');
    await rowsOf('update threat_predictions set predicted_at = $1', agoOf(31 * day_ms));
    await resolve(1, 'confirmed');
    await rowsOf(
      'update threat_predictions set predicted_at = $1 where predicted_at > $2',
      agoOf(29 * day_ms),
      agoOf(day_ms),
    );
    const model = 'insert into threat_models values (gen_random_uuid(), $1, 100, $2)';
    for (const days of [29, 31]) await rowsOf(model, agoOf(days * day_ms), '{}');
    await rowsOf('insert into threat_accuracies values ($1, $2, 1, 1)', institution_id, agoOf(31 * day_ms));
    const removed = { threats: 700, models: 1, accuracies: 1 };
    expect(await cleanUpThreats.run(bench.tools)).toEqual({ ...removed, is_complete: true });
    expect(await cleanUpThreats.run(bench.tools)).toMatchObject({ threats: 0, models: 0, accuracies: 0 });
    expect(await predictions()).toHaveLength(1);
  });
});
