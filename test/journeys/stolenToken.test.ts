/**
 * The token of an official is stolen in the middle of a final. The official signs in from two places, how the second one types
 * drifts from what is usual, a step-up is asked, the thief cannot answer it and is shut out in the middle of a turn, and
 * nobody in court notices. The audit trail has all of it, with proofs, and the record verifies.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { onDemand, timetable } from '../../jobs/schedule.ts';
import { createTickRunner } from '../../jobs/ticks/tickRunner.ts';
import { parseCheckpoint } from '../../src/core/proof/checkpoint.ts';
import { parseVkey } from '../../src/core/proof/keys.ts';
import { openNote } from '../../src/core/proof/openNote.ts';
import { provesInclusion } from '../../src/core/proof/proofs.ts';
import { openPool } from '../../src/infra/postgres/database.ts';
import { catalog } from '../../src/modules.ts';
import { type Cast, get, type Json, must, openSession, type Person, post } from '../support/client.ts';
import { ISSUER, issued, issuedCast, signedInAfter } from '../support/issued.ts';
import { type Listener, listenOnSocketIo, listenOnWebSocket } from '../support/listener.ts';
import { checkpointed } from '../support/log.ts';
import { isLeftOut, kind, type Stack, startStack } from '../support/stack.ts';
import { syntheticPerson, syntheticSession } from '../support/syntheticPeople.ts';
import { untilAudited } from '../support/trail.ts';
import { expectIntact } from '../support/verdict.ts';

const PATIENCE = { timeout: 20_000, interval: 50 };
const REFUSED = { status: 403, body: { code: 'step_up_required' } };
const RULE = { resource_type: 'turn.extend', allowed_roles: ['admin', 'judge'], min_confidence: 0, step_up: true };
const OWN = syntheticPerson(11);
/** Nothing of how the thief types, points and reads is as the official does. */
const THIEF = { ...syntheticPerson(4), dwell_ms: 400, flight_ms: 1_200, step_px: 120, view_ms: 500, scroll_px: 2_000 };

/** What a page collected, and sends now. */
function batchOf(style: typeof OWN, number: number): object {
  const { navigation, mouse_movements, ...kinds } = syntheticSession(style, number);
  const started_at = new Date(Date.now() - 3_600_000 - number * 60_000).toISOString();
  return {
    ...kinds,
    // On a screen so wide that nobody leaves it.
    mouse_movements: mouse_movements.map(({ t, x, y }) => ({ t, x: x + 45_000, y: y + 45_000 })),
    navigation: navigation.map(({ t, page }) => ({ t, path: `/${page}` })),
    metadata: { started_at },
  };
}

describe.skipIf(isLeftOut)(`a stolen token of an official, ${kind}`, { timeout: 300_000 }, () => {
  let stack: Stack;
  let people: Cast;
  let court: { session_id: string; path: string };
  /** The official at home, and who says to be the official elsewhere. */
  let home: Person;
  let stolen: Person;
  let stolen_id: string;
  let turn_id: string;
  const listeners: Listener[] = [];

  beforeAll(async () => {
    stack = await startStack({ JWT_ISSUER: ISSUER });
    people = issuedCast();
    home = people.presiding;
    stolen = issued('judge', home);
    court = await openSession(stack.url, people);
  });
  afterAll(async () => {
    for (const listener of listeners) listener.close();
    await stack?.stop();
  });

  const settle = (body: object) =>
    must(post(stack.url, `/api/institution/${people.institution_id}/settings`, people.admin, body));
  const act = (verb: string, body: object, who: Person) => post(stack.url, `${court.path}/${verb}`, who, body);
  const extend = (who: Person) => act('turn/extend', { turn_id, extension_ms: 30_000 }, who);
  const confirm = (login_id: string, who: Person) => post(stack.url, `/auth/sessions/${login_id}/confirm`, who);
  const send = async (who: Person, style: typeof OWN, number: number) =>
    expect((await post(stack.url, '/telemetry/batches', who, batchOf(style, number))).status).toBe(202);
  const riskOf = (login_id: string) => must(get(stack.url, `/auth/sessions/${login_id}/risk`, people.admin));
  const idOf = async (who: Person, device = 'A laptop') => {
    const shown = async () => (await must(get(stack.url, '/auth/sessions', who, { 'user-agent': device }))).items;
    const current = async () => (await shown()).find((one: Json) => one.current)?.id;
    await expect.poll(current, PATIENCE).toEqual(expect.any(String));
    return (await current()) as string;
  };
  async function run(name: string): Promise<void> {
    const [pool, verifierPool] = [
      openPool(stack.database.url, 'worker', 3, () => {}),
      openPool(stack.database.url, 'verifier', 1, () => {}),
    ];
    const runner = createTickRunner({
      backbone: stack.backbones[0]!,
      pool,
      verifierPool,
      catalog,
      timetable,
      onDemand,
    });
    expect(await runner.runByHand(name)).toMatchObject({ status: 'succeeded' });
    await runner.close();
    await Promise.all([pool.end(), verifierPool.end()]);
  }
  async function listen(connect: typeof listenOnWebSocket, { token }: Person, more: object): Promise<Listener> {
    const listener = await connect(stack.relays.at(-1)!, { token, ...more });
    listeners.push(listener);
    return listener;
  }

  test('the official agreed to telemetry, and behaved as usual on five days', async () => {
    await settle({ telemetry: true, policies: true });
    await must(post(stack.url, '/telemetry/consent', home, { given: true }));
    for (let day = 1; day <= 5; day += 1) {
      await send(issued('judge', home), OWN, day);
      // Sent a day earlier than all before.
      await stack.pool.query(`update telemetry_batches set received_at = received_at - interval '1 day'`);
    }
    expect((await post(stack.url, `/telemetry/models/${home.id}/train`, people.admin)).status).toBe(202);
    await run('train_user_behavioral_model');
    const { rows } = await stack.pool.query('select sessions from telemetry_models where user_id = $1 and is_active', [
      home.id,
    ]);
    expect(rows).toEqual([{ sessions: 5 }]);
  });

  test('is signed in at two places now, which both show, and behaves otherwise at the second', async () => {
    const own_id = await idOf(home);
    stolen_id = await idOf(stolen, 'A telephone');
    const { items } = await must(get(stack.url, `/auth/sessions?user_id=${home.id}`, people.admin));
    const places = items.filter(({ id }: Json) => [own_id, stolen_id].includes(id));
    expect(new Set(places.flatMap(({ devices }: Json) => devices.map(({ id }: Json) => id))).size).toBeGreaterThan(1);
    const watching = await listen(listenOnSocketIo, home, { namespace: '/console' });
    watching.send({ type: 'join_user_room' });
    watching.send({ type: 'subscribe_risk_score' });
    await watching.until(({ type }) => type === 'subscribed');
    await send(home, OWN, 20);
    await send(stolen, THIEF, 21);
    await run('monitor_active_sessions');
    expect(await riskOf(stolen_id)).toMatchObject({ action: 'reauthenticate', weighed_most: expect.any(String) });
    expect(['low', 'medium']).toContain((await riskOf(own_id)).level);
    await watching.until(({ type, login_id }) => type === 'risk_score_update' && login_id === stolen_id);
    await watching.until(({ type, login_id }) => type === 'reauthentication_required' && login_id === stolen_id);
  });

  test('the thief answers no step-up, and the official does with a fresh sign-in', async () => {
    const { result } = await must(post(stack.url, '/policies/create', people.admin, { rules: [RULE] }));
    const enforce = { mode: 'enforce', force: true };
    await must(post(stack.url, `/policies/${result.id}/activate`, people.admin, enforce));
    await act('join', { role: 'judge' }, home);
    await must(act('join', { role: 'petitioner' }, people.petitioner));
    const { items } = await must(get(stack.url, `${court.path}/turns`, home));
    turn_id = items[0].id;
    const begin = { turn_id, speaker_id: people.petitioner.id };
    await must(act('turn/start', begin, people.bailiff));
    await expect.poll(async () => (await extend(stolen)).body.login_id, PATIENCE).toBe(stolen_id);
    expect(await confirm(stolen_id, stolen)).toMatchObject(REFUSED);
    const { body } = await extend(home);
    expect(body).toMatchObject({ ...REFUSED.body, lacks: ['step_up'], login_id: await idOf(home) });
    const fresh = issued('judge', home, signedInAfter());
    await must(confirm(body.login_id, fresh));
    await must(extend(home));
    expect(await extend(stolen)).toMatchObject(REFUSED);
  });

  test('the thief is shut out in the middle of the turn, and the round goes on', async () => {
    const audience = await listen(listenOnWebSocket, people.student, {
      session_id: court.session_id,
      last_sequence: 0,
    });
    const thief = await listen(listenOnWebSocket, stolen, { session_id: court.session_id });
    await Promise.all([audience, thief].map((one) => one.until(({ type }) => type === 'SYNCED')));
    const end = { reason: 'I have never been there.' };
    const { result } = await must(post(stack.url, `/auth/sessions/${stolen_id}/terminate`, home, end));
    expect(result).toMatchObject({ id: stolen_id, status: 'ended' });
    expect(await thief.closed).toBe(4401);
    for (const url of stack.apis)
      await expect.poll(async () => (await get(url, court.path, stolen)).status, PATIENCE).toBe(401);
    const during = await must(get(stack.url, court.path, home));
    expect(during.turn).toMatchObject({ id: turn_id, state: 'active' });
    await must(act('turn/question', { turn_id, phase: 'start' }, home));
    await must(act('turn/question', { turn_id, phase: 'end' }, home));
    await must(act('turn/end', { turn_id }, people.bailiff));
    await must(act('complete', { skip_turns: true }, home));
    await audience.until(({ event_type }) => event_type === 'SESSION_COMPLETED');
    const { logs } = await must(get(stack.url, `${court.path}/logs`, people.student));
    expect(audience.events()).toEqual(logs);
    expect(logs.map(({ event_type }: Json) => event_type)).not.toContain('PARTICIPANT_LOST');
  });

  test('the audit trail has all of it, each with a proof under a signed checkpoint, and the record verifies', async () => {
    await untilAudited(stack.pool);
    const { items } = await must(get(stack.url, `/audit?user=${home.id}`, people.admin));
    // What doors refused is told when its minute is over, which may be now.
    const done = items.filter(({ outcome }: Json) => outcome !== 'refused');
    expect(done.map(({ type, action, outcome }: Json) => `${type} ${action} ${outcome}`)).toEqual([
      'access_deny login.terminate applied',
      'mfa_event login.confirm applied',
    ]);
    const vkey = parseVkey(await checkpointed(stack))!;
    const all = (await must(get(stack.url, '/audit', people.admin))).items;
    expect(all.map(({ action }: Json) => action)).toEqual(
      expect.arrayContaining(['institution.settings', 'policy.activate', 'login.ask']),
    );
    for (const entry of all) {
      const {
        index,
        size,
        hashes,
        event_hash: leaf,
        checkpoint,
      } = await must(get(stack.url, `/audit/${entry.id}/proof`, people.admin, { prefer: 'wait=30' }));
      const { root } = parseCheckpoint((await openNote(checkpoint, [vkey])).text);
      expect(provesInclusion({ index, size, leaf, hashes }, root)).toBe(true);
    }
    const { items: timeline } = await must(get(stack.url, `/auth/sessions/${stolen_id}/timeline`, people.admin));
    const told = timeline.map(({ what }: Json) => what);
    expect(told).toEqual(
      expect.arrayContaining(['first_seen', 'device', 'step_up_asked', 'termination_asked', 'terminated']),
    );
    expect(told).not.toContain('step_up_confirmed');
    await expectIntact(stack.url, court.session_id, people.admin);
  });
});
