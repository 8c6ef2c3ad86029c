/** What follows from the risk of a login session, the tasks that reckon it by hand, and the models that are at hand for it. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { followOnce } from '../../jobs/audit/followInbox.ts';
import { checkSessionRisk } from '../../jobs/behaviour/checkSessionRisk.ts';
import { eraseWithdrawn } from '../../jobs/behaviour/eraseWithdrawn.ts';
import type { monitorSessions } from '../../jobs/behaviour/monitorSessions.ts';
import { trainModels } from '../../jobs/behaviour/trainModels.ts';
import { updateBaseline } from '../../jobs/behaviour/updateBaseline.ts';
import type { Batch } from '../../src/behaviour/batches/batch.ts';
import { storeBatch } from '../../src/behaviour/batches/storeBatch.ts';
import { decideOwn } from '../../src/behaviour/consent/consent.ts';
import { FEATURES } from '../../src/behaviour/features/features.ts';
import type { Baseline } from '../../src/behaviour/risk/baseline.ts';
import type { Risk } from '../../src/behaviour/risk/risk.ts';
import { findKeptRisk, keepRisk } from '../../src/behaviour/trained/keptRisk.ts';
import type { JsonObject } from '../../src/core/definitions/event.ts';
import { CONSOLE, type ToldConsole } from '../../src/infra/console/tellConsole.ts';
import { openPool } from '../../src/infra/postgres/database.ts';
import { endLogin } from '../../src/logins/endLogin.ts';
import { expelLogin } from '../../src/logins/expelLogin.ts';
import { openWorkbench, type Workbench } from '../support/jobTools.ts';
import { isLeftOut } from '../support/stack.ts';
import { syntheticPerson, syntheticSession } from '../support/syntheticPeople.ts';

/** Of somebody of whom everything is the same, always. */
const baselineAt = (median: number): Baseline => ({
  sessions: 5,
  usual: Object.fromEntries(FEATURES.map(({ name }) => [name, { median, spread: 0, count: 5 }])),
  shapes: [],
});
/** No session is like it. */
const UNLIKE_ALL = baselineAt(10_000_000);

describe.skipIf(isLeftOut)('the risk of a login session', () => {
  let bench: Workbench;
  let door: ReturnType<typeof openPool>;
  let told: ToldConsole[];
  let stopHearing: () => Promise<void>;
  const [institution_id, ending] = [randomUUID(), randomUUID()];

  beforeAll(async () => {
    bench = await openWorkbench();
    door = openPool(bench.database.url, 'door', 1, () => {});
    const on = { telemetry: true, time_zone: 'UTC' };
    await bench.court.send(['institution.settings', { institution_id, ...on }]);
    await bench.court.send(['institution.settings', { institution_id: ending, ...on, auto_terminate: true }]);
    stopHearing = await bench.tools.broadcast.subscribe(CONSOLE, (text) => told.push(JSON.parse(text) as ToldConsole));
  });
  afterAll(async () => {
    await stopHearing();
    await door.end();
    await bench.close();
  });
  beforeEach(() => {
    told = [];
  });

  const rowsOf = async (text: string, ...values: unknown[]) => (await bench.database.pool.query(text, values)).rows;
  const running = (job: { run: typeof monitorSessions.run }, input: JsonObject) => job.run({ ...bench.tools, input });
  const check = (login_id: string) => running(checkSessionRisk, { login_id });
  const newcomer = async (of = institution_id) => {
    const whose = { institution_id: of, user_id: randomUUID() };
    await decideOwn(door as never, whose, true);
    return whose;
  };
  type Whose = Awaited<ReturnType<typeof newcomer>>;

  async function send(whose: Whose, number: number, login_id: string = randomUUID()): Promise<string> {
    const { navigation, ...kinds } = syntheticSession(syntheticPerson(3), number);
    const metadata = { started_at: new Date(Date.UTC(2026, 8, 1) + number * 60_000).toISOString() };
    const batch = { ...kinds, navigation: navigation.map(({ t, page }) => ({ t, path: `/${page}` })), metadata };
    expect(await storeBatch(door as never, whose, login_id, batch as Batch)).toMatchObject({ stored: true });
    return login_id;
  }
  /** A model that nobody trained. */
  const usually = ({ institution_id, user_id }: Whose, baseline: Baseline) =>
    rowsOf(
      `insert into telemetry_models (id, institution_id, user_id, trained_at, sessions, baseline)
       values (gen_random_uuid(), $1, $2, now(), 5, $3)`,
      ...[institution_id, user_id, JSON.stringify(baseline)],
    );
  const seen = (login_id: string, { institution_id, user_id }: Whose) =>
    rowsOf(
      `insert into logins (id, user_id, institution_id, first_seen, last_seen, expires_at)
       values ($1, $2, $3, now(), now(), now() + interval '1 hour')`,
      ...[login_id, user_id, institution_id],
    );
  const riskOf = async (login_id: string) =>
    (await rowsOf('select risk from telemetry_risks where login_id = $1', login_id))[0]?.risk;
  /** What was sent of it to the audit trail. */
  async function auditedOf(login_id: string) {
    await followOnce({ ...bench.tools, installation: randomUUID() });
    return rowsOf(
      `select input ->> 'owner' as owner, entry ->> 'type' as type, entry ->> 'action' as action, entry ->> 'outcome' as outcome
       from commands cross join lateral json_array_elements(input -> 'entries') as e (entry)
       where name = 'audit.record' and entry ->> 'subject' = $1`,
      `login:${login_id}`,
    );
  }
  const heard = () => expect.poll(() => told.map(({ event, to }) => [event, to]));

  test('that is critical ends it where the institution wants that, once, and says so', async () => {
    const whose = await newcomer(ending);
    await usually(whose, UNLIKE_ALL);
    const login_id = await send(whose, 1);
    await seen(login_id, whose);
    expect(await check(login_id)).toMatchObject({ login_id, level: 'critical', action: 'terminate' });
    const ends = () => rowsOf('select asked_by, ended_at from login_ends where login_id = $1', login_id);
    await expect.poll(ends).toEqual([{ asked_by: 'system', ended_at: expect.anything() }]);
    const revoked = 'select claim from revocations where value = $1';
    expect(await rowsOf(revoked, login_id)).toEqual([{ claim: 'login' }]);
    await expect
      .poll(() => auditedOf(login_id))
      .toEqual([{ owner: ending, type: 'access_deny', action: 'login.expel', outcome: 'applied' }]);
    await check(login_id);
    expect([await rowsOf(revoked, login_id), await auditedOf(login_id)].map(({ length }) => length)).toEqual([1, 1]);
  });

  test('that is critical ends it though nothing else is known of it, in a turn too', async () => {
    const whose = await newcomer(ending);
    await usually(whose, UNLIKE_ALL);
    const login_id = await send(whose, 1);
    await check(login_id);
    const end = () => rowsOf('select user_id, institution_id, ended_at from login_ends where login_id = $1', login_id);
    expect(await end()).toEqual([{ ...whose, ended_at: expect.anything() }]);
    expect(await rowsOf('select claim from revocations where value = $1', login_id)).toEqual([{ claim: 'login' }]);
    // As if a turn ran until now.
    await rowsOf('update login_ends set ended_at = null where login_id = $1', login_id);
    await rowsOf('delete from revocations where value = $1', login_id);
    await bench.tools.send({ name: endLogin.name, input: { login_id }, key: login_id });
    expect(await end()).toEqual([{ ...whose, ended_at: expect.anything() }]);
  });

  describe('that is critical, of a sign-in with tokens of more than one institution,', () => {
    const critical = async () => {
      const whose = await newcomer(ending);
      await usually(whose, UNLIKE_ALL);
      return { whose, login_id: await send(whose, 1) };
    };
    const ends = (login_id: string) =>
      rowsOf('select institution_id, ended_at from login_ends where login_id = $1', login_id);
    const revoked = async (login_id: string) =>
      (
        await rowsOf(`select institution_id from revocations where value = $1 and claim = 'login' order by 1`, login_id)
      ).map(({ institution_id }) => institution_id);

    test('ends all tokens of a super_admin, whatever institution they name', async () => {
      const { whose, login_id } = await critical();
      await seen(login_id, { ...whose, institution_id: null as never });
      await check(login_id);
      expect(await ends(login_id)).toEqual([{ institution_id: null, ended_at: expect.anything() }]);
      expect(await revoked(login_id)).toEqual([null]);
    });

    test('ends those of each that is known', async () => {
      const { whose, login_id } = await critical();
      await seen(login_id, { ...whose, institution_id });
      await check(login_id);
      expect(await ends(login_id)).toHaveLength(1);
      expect(await revoked(login_id)).toEqual([institution_id, ending].sort());
    });

    test('ends those of another one, too, where it was ended for one, and then no more', async () => {
      const { whose, login_id } = await critical();
      const { name } = expelLogin;
      const input = { login_id, user_id: whose.user_id, owner: institution_id };
      await bench.tools.send({ name, input, key: login_id });
      expect(await revoked(login_id)).toEqual([institution_id]);
      for (const _ of [1, 2]) {
        await check(login_id);
        expect(await revoked(login_id)).toEqual([institution_id, ending].sort());
      }
      expect(await ends(login_id)).toMatchObject([{ institution_id }]);
    });

    test('is ended as it was noted where the command is one of before it said whose it is', async () => {
      const [login_id, unknown] = [randomUUID(), randomUUID()];
      await seen(login_id, await newcomer(ending));
      const of = (id: string) => [expelLogin.name, { login_id: id }] as const;
      for (const id of [unknown, login_id]) await bench.court.send(of(id) as never);
      expect([await revoked(unknown), await revoked(login_id)]).toEqual([[], [ending]]);
    });
  });

  test('that is critical asks for its end again where that came to nothing', async () => {
    const whose = await newcomer(ending);
    await usually(whose, UNLIKE_ALL);
    const login_id = await send(whose, 1);
    await check(login_id);
    await rowsOf('delete from login_ends where login_id = $1', login_id);
    await send(whose, 2, login_id);
    await check(login_id);
    expect(await rowsOf('select from login_ends where login_id = $1', login_id)).toHaveLength(1);
  });

  test('that is critical asks for a step-up, once, where the institution does not want an end', async () => {
    const whose = await newcomer();
    await usually(whose, UNLIKE_ALL);
    const login_id = await send(whose, 1);
    await seen(login_id, whose);
    expect(await check(login_id)).toMatchObject({ level: 'critical', action: 'reauthenticate' });
    expect(await rowsOf('select from login_ends where login_id = $1', login_id)).toEqual([]);
    const asked = () => rowsOf('select asked_for, asked_by, confirmed_at from step_ups where login_id = $1', login_id);
    expect(await asked()).toEqual([{ asked_for: 'risk', asked_by: 'system', confirmed_at: null }]);
    await heard().toContainEqual(['reauthentication_required', { user_id: whose.user_id }]);
    expect(await auditedOf(login_id)).toEqual([
      { owner: institution_id, type: 'mfa_event', action: 'login.ask', outcome: 'applied' },
    ]);
    await check(login_id);
    expect(await auditedOf(login_id)).toHaveLength(1);
  });

  test('is stored without waiting for the disk, and what follows on its connection waits', async () => {
    const whose = await newcomer();
    await usually(whose, baselineAt(1));
    const login_id = await send(whose, 1);
    await rowsOf(`create table waiting (said text);
      create function tell() returns trigger language plpgsql security definer as $$
        begin insert into waiting values (current_setting('synchronous_commit')); return new; end $$;
      create trigger tell before insert on telemetry_risks for each row execute function tell()`);
    const pool = openPool(bench.database.url, 'worker', 1, () => {});
    await checkSessionRisk.run({ ...bench.tools, pool, input: { login_id } });
    const { rows: after } = await pool.query('show synchronous_commit');
    await pool.end();
    expect(await rowsOf('select said from waiting')).toEqual([{ said: 'off' }]);
    expect(after).toEqual([{ synchronous_commit: 'on' }]);
    await rowsOf('drop trigger tell on telemetry_risks; drop function tell; drop table waiting');
  });

  test('that asks for a step-up is on the trail with it, or there is neither', async () => {
    const whose = await newcomer();
    await usually(whose, UNLIKE_ALL);
    const login_id = await send(whose, 1);
    const asked = () => rowsOf('select from step_ups where login_id = $1', login_id);
    const refuse = `create function refuse() returns trigger language plpgsql as $$ begin raise 'away'; end $$;
      create trigger refuse before insert on commands for each row when (new.name = 'audit.record') execute function refuse()`;
    await rowsOf(refuse);
    await expect(check(login_id)).rejects.toThrow('away');
    expect(await asked()).toEqual([]);
    await rowsOf('drop trigger refuse on commands; drop function refuse');
    await check(login_id);
    expect([await asked(), await auditedOf(login_id)].map(({ length }) => length)).toEqual([1, 1]);
  });

  test('is told to consoles where it is another one than before', async () => {
    const whose = await newcomer();
    await usually(whose, UNLIKE_ALL);
    const login_id = await send(whose, 1);
    await check(login_id);
    await heard().toContainEqual(['risk_score_update', whose]);
    const { score, level, components } = await riskOf(login_id);
    expect(told.find(({ event }) => event === 'risk_score_update')!.body).toEqual({
      ...{ ...whose, login_id, risk_score: score, level, components },
    });
    const count = told.length;
    await check(login_id);
    // What is told later is heard later.
    const other = await newcomer();
    await usually(other, UNLIKE_ALL);
    await check(await send(other, 2));
    await heard().toContainEqual(['risk_score_update', other]);
    expect(told.slice(count).filter(({ to }) => 'user_id' in to && to.user_id === whose.user_id)).toEqual([]);
  });

  test('is read anew where it is another one, and is cached as long as it is the same', async () => {
    const whose = await newcomer();
    await usually(whose, UNLIKE_ALL);
    const login_id = await send(whose, 1);
    const { cache } = bench.tools;
    const admin = { id: randomUUID(), role: 'admin', institution_id } as const;
    await check(login_id);
    const found = { ...whose, id: login_id, risk: (await riskOf(login_id)) as Risk };
    // What was dropped a moment ago is not kept.
    const keep = async () => {
      await keepRisk(cache, admin, found);
      return (await findKeptRisk(cache, admin, login_id))?.risk?.score;
    };
    await expect.poll(keep).toBe(found.risk.score);
    await check(login_id);
    expect(await findKeptRisk(cache, admin, login_id)).toBeDefined();
    await rowsOf('update telemetry_models set is_active = false where user_id = $1', whose.user_id);
    expect(await check(login_id)).toMatchObject({ level: 'unknown' });
    expect(await findKeptRisk(cache, admin, login_id)).toBeUndefined();
  });

  test('by a task is stored, and of a login session without telemetry or consent it is said that there is none', async () => {
    const whose = await newcomer();
    const login_id = await send(whose, 1);
    expect(await riskOf(login_id)).toBeUndefined();
    expect(await check(login_id)).toEqual({ login_id, score: null, level: 'unknown', action: 'continue' });
    expect(await riskOf(login_id)).toMatchObject({ score: null, level: 'unknown' });
    await decideOwn(door as never, whose, false);
    for (const none of [login_id, randomUUID()]) expect(await check(none)).toEqual({ skipped: expect.any(String) });
    expect(await running(checkSessionRisk, {})).toEqual({ skipped: expect.stringContaining('login_id') });
  });

  test('goes by a baseline that a task makes of one person, and of nobody who has not agreed', async () => {
    const [whose, other] = [await newcomer(), await newcomer()];
    for (const person of [whose, other]) for (let n = 0; n < 5; n += 1) await send(person, n);
    const models = (person: Whose) =>
      rowsOf('select is_active, sessions from telemetry_models where user_id = $1', person.user_id);
    expect(await running(updateBaseline, { ...whose })).toEqual({ trained: 1, too_few: 0, is_complete: true });
    expect([await models(whose), await models(other)]).toEqual([[{ is_active: true, sessions: 5 }], []]);
    expect(await check(await send(whose, 9))).toMatchObject({ score: expect.any(Number) });
    expect(await running(updateBaseline, { ...(await newcomer()) })).toMatchObject({ trained: 0, too_few: 1 });
    await decideOwn(door as never, whose, false);
    expect(await running(updateBaseline, { ...whose })).toEqual({ skipped: expect.stringContaining('agreed') });
    expect(await running(updateBaseline, {})).toEqual({ skipped: expect.stringContaining('user_id') });
  });

  describe('goes by a model that is at hand', () => {
    const atHand = async ({ user_id }: Whose) =>
      (await bench.tools.cache.get('behavioral_model', user_id, z.any())) as { baseline: Baseline } | undefined;

    test('once it was asked for, as long as it is the active one', async () => {
      const whose = await newcomer();
      await usually(whose, UNLIKE_ALL);
      const login_id = await send(whose, 1);
      expect(await atHand(whose)).toBeUndefined();
      await check(login_id);
      expect((await atHand(whose))!.baseline).toEqual(UNLIKE_ALL);
      // Not read again.
      await rowsOf(`update telemetry_models set baseline = '{}' where user_id = $1`, whose.user_id);
      expect(await check(login_id)).toMatchObject({ level: 'critical' });
      await rowsOf('update telemetry_models set is_active = false where user_id = $1', whose.user_id);
      expect(await check(login_id)).toMatchObject({ level: 'unknown' });
    });

    test('until there is a new one, and until the person refuses', async () => {
      const whose = await newcomer();
      await bench.hoursAgo(24);
      for (let n = 0; n < 5; n += 1) await send(whose, n);
      await bench.hoursAgo(0);
      await trainModels.run(bench.tools);
      const login_id = await send(whose, 9);
      // What was dropped a moment ago is not kept.
      const kept = async () => {
        await check(login_id);
        return atHand(whose);
      };
      await expect.poll(kept).toBeDefined();
      await running(updateBaseline, { ...whose });
      expect(await atHand(whose)).toBeUndefined();
      await check(login_id);
      await decideOwn(door as never, whose, false);
      await eraseWithdrawn.run(bench.tools);
      expect(await atHand(whose)).toBeUndefined();
    });
  });
});
