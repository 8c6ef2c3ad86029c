/** Login sessions that are ended: REST says 401 and every socket closes within a second, and a round goes on. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { signToken } from '../../src/infra/tokens.ts';
import { type Cast, cast, get, type Json, must, openSession, type Person, post } from '../support/client.ts';
import { type Listener, type ListenOptions, listenOnSocketIo, listenOnWebSocket } from '../support/listener.ts';
import { quickest } from '../support/quickest.ts';
import { isLeftOut, kind, SECRET, type Stack, startStack } from '../support/stack.ts';
import { untilAudited } from '../support/trail.ts';

/** From the request on. */
const ENDED_WITHIN_MS = 1_000;
/** Of the end of the turn. */
const AFTER_TURN_MS = 2_000;
const PATIENCE = { timeout: 20_000, interval: 50 };
const REASON = { reason: 'A laptop was stolen.' };
type Connect = (url: string, options: ListenOptions) => Promise<Listener>;
const TRANSPORTS: [string, Connect, number | string][] = [
  ['websocket', listenOnWebSocket, 4401],
  ['socket.io', listenOnSocketIo, 'io server disconnect'],
];

describe.skipIf(isLeftOut)(`a login session that is ended, ${kind}`, () => {
  let stack: Stack;
  let people: Cast;
  let session: { session_id: string; path: string };
  const open: Listener[] = [];

  beforeAll(async () => {
    stack = await startStack();
  });
  afterAll(async () => {
    for (const listener of open) listener.close();
    await stack?.stop();
  });
  beforeEach(async () => {
    people = cast();
    session = await openSession(stack.url, people);
  });

  /** The same person, signed in anew. */
  function signIn(who: Person, role = 'participant', claims: object = {}): Person {
    const { id: sub, institution_id } = who;
    const named = { sid: randomUUID(), exp: Math.floor(Date.now() / 1_000) + 3_600 };
    return { ...who, token: signToken({ sub, role, institution_id, ...named, ...claims }, SECRET) };
  }
  const list = async (who: Person): Promise<Json[]> => (await must(get(stack.url, '/auth/sessions', who))).items;
  async function idOf(who: Person): Promise<string> {
    const current = async () => (await list(who)).find((login) => login.current)?.id;
    await expect.poll(current, PATIENCE).toEqual(expect.any(String));
    return (await current()) as string;
  }
  const end = (id: string, by: Person, body: object = {}) =>
    post(stack.url, `/auth/sessions/${id}/terminate`, by, { ...REASON, ...body });
  const statusAt = async (url: string, who: Person) => (await get(url, session.path, who)).status;
  const turnsOut = (who: Person) =>
    Promise.all(stack.apis.map((url) => expect.poll(() => statusAt(url, who), PATIENCE).toBe(401)));
  async function listen(connect: Connect, url: string, { token }: Person): Promise<Listener> {
    const listener = await connect(url, { token, session_id: session.session_id });
    open.push(listener);
    await listener.until(({ type }) => type === 'SYNCED');
    return listener;
  }

  async function answers(listener: Listener): Promise<void> {
    listener.send({ type: 'PING' });
    await listener.until(({ type }) => type === 'PONG');
  }

  test.each(TRANSPORTS)('closes its connections on %s, on every relay; others stay', async (_, connect, ended) => {
    const [stolen, own] = [signIn(people.student), signIn(people.student)];
    const id = await idOf(stolen);
    const listeners = await Promise.all(stack.relays.map((url) => listen(connect, url, stolen)));
    const stays = await listen(connect, stack.relayUrl, own);
    expect((await must(end(id, own))).result).toEqual({ id, status: 'ended', ended_at: expect.any(String) });
    for (const listener of listeners) {
      expect(await listener.closed).toBe(ended);
      expect(listener.messages.at(-1)).toMatchObject({ type: 'ERROR', code: 'session_terminated' });
    }
    await turnsOut(stolen);
    expect(await statusAt(stack.url, own)).toBe(200);
    await answers(stays);
  });

  test('REST refuses it, and all its sockets are closed, within a second', async () => {
    const took_ms = await quickest(ENDED_WITHIN_MS, async () => {
      const [stolen, own] = [signIn(people.student), signIn(people.student)];
      const id = await idOf(stolen);
      const listeners = await Promise.all(stack.relays.map((url) => listen(listenOnWebSocket, url, stolen)));
      const started = performance.now();
      await must(end(id, own));
      await Promise.all([turnsOut(stolen), ...listeners.map(({ closed }) => closed)]);
      return performance.now() - started;
    });
    expect(took_ms).toBeLessThan(ENDED_WITHIN_MS);
  });

  test('stays ended for tokens of it that are issued later, and is not shown any more', async () => {
    const claims = { sid: randomUUID() };
    const stolen = signIn(people.student, 'participant', claims);
    const own = signIn(people.student);
    const id = await idOf(stolen);
    await must(end(id, own));
    await turnsOut(stolen);
    const later = signIn(people.student, 'participant', { ...claims, iat: Math.floor(Date.now() / 1_000) + 2 });
    expect(await statusAt(stack.url, later)).toBe(401);
    expect((await list(own)).map((login) => login.id)).not.toContain(id);
    const { items } = await must(get(stack.url, `/auth/sessions/${id}/timeline`, own));
    expect(items.map(({ what }: Json) => what)).toEqual(
      expect.arrayContaining(['first_seen', 'device', 'network', 'termination_asked', 'terminated']),
    );
  });

  test('is ended by an admin of the institution, and is not there for others', async () => {
    const who = signIn(people.judge, 'judge');
    const id = await idOf(who);
    for (const by of [people.student, cast().admin]) {
      expect(await end(id, by)).toMatchObject({ status: 404, body: { code: 'not_found' } });
      expect((await get(stack.url, `/auth/sessions/${id}/timeline`, by)).status).toBe(404);
    }
    expect(await end(id, who, { now: true })).toMatchObject({ status: 422 });
    await must(end(id, people.admin));
    await turnsOut(who);
  });

  test('leaves the one that asks, where all others are ended', async () => {
    const [one, two, own] = [signIn(people.student), signIn(people.student), signIn(people.student)];
    for (const who of [one, two, own]) await idOf(who);
    const { result } = await must(post(stack.url, '/auth/sessions/terminate-others', own, REASON));
    expect(result).toEqual({ id: await idOf(own), ended: 2, ending: 0 });
    await Promise.all([turnsOut(one), turnsOut(two)]);
    expect(await statusAt(stack.url, own)).toBe(200);
  });

  describe('in a turn of its person', () => {
    async function speak(): Promise<{ speaker: Person; id: string; turn_id: string }> {
      const speaker = signIn(people.petitioner);
      await must(post(stack.url, `${session.path}/join`, speaker, { role: 'petitioner' }));
      const { items } = await must(get(stack.url, `${session.path}/turns`, people.presiding));
      const turn_id = items[0].id as string;
      const begun = { turn_id, speaker_id: speaker.id };
      await must(post(stack.url, `${session.path}/turn/start`, people.bailiff, begun));
      return { speaker, id: await idOf(speaker), turn_id };
    }
    const leave = (who: Person) => post(stack.url, `${session.path}/leave`, who);

    test('sends nothing any more and goes on listening, and ends with the turn; a fresh one is taken at once', async () => {
      const { speaker, id, turn_id } = await speak();
      const listener = await listen(listenOnWebSocket, stack.relayUrl, speaker);
      expect((await must(end(id, people.admin))).result).toEqual({ id, status: 'ending', ended_at: null });
      const refused = { status: 403, body: { code: 'step_up_required' } };
      await vi.waitFor(async () => expect(await leave(speaker)).toMatchObject(refused), PATIENCE);
      expect(await statusAt(stack.url, speaker)).toBe(200);
      await answers(listener);
      const fresh = signIn(people.petitioner);
      const { status, body } = await post(stack.url, `${session.path}/objection/withdraw`, fresh, {
        objection_id: randomUUID(),
      });
      expect([status, body.code]).toEqual([404, 'not_found']);
      await must(post(stack.url, `${session.path}/turn/end`, people.bailiff, { turn_id }));
      expect(await listener.closed).toBe(4401);
      expect(listener.messages.at(-1)).toMatchObject({ type: 'ERROR', code: 'session_terminated' });
      await turnsOut(speaker);
      expect(await statusAt(stack.url, fresh)).toBe(200);
      await untilAudited(stack.pool);
      const { items: denied } = await must(get(stack.url, '/audit?type=access_deny', people.admin));
      expect(denied.filter(({ outcome }: Json) => outcome !== 'refused')).toMatchObject([
        { action: 'login.end', user_id: 'system', subject: `login:${id}`, outcome: 'applied' },
        { action: 'login.terminate', user_id: people.admin.id, subject: `login:${id}`, outcome: 'applied' },
      ]);
    });

    test('ends within two seconds of the turn’s end', async () => {
      const took_ms = await quickest(AFTER_TURN_MS, async () => {
        session = await openSession(stack.url, people);
        const { speaker, id, turn_id } = await speak();
        const listener = await listen(listenOnWebSocket, stack.relayUrl, speaker);
        await must(end(id, people.admin));
        await must(post(stack.url, `${session.path}/turn/end`, people.bailiff, { turn_id }));
        const over = performance.now();
        expect(await listener.closed).toBe(4401);
        await turnsOut(speaker);
        return performance.now() - over;
      });
      expect(took_ms).toBeLessThan(AFTER_TURN_MS);
    });

    test('ends after ten minutes though the turn runs on', async () => {
      const { speaker, id, turn_id } = await speak();
      await must(end(id, people.admin));
      const wait = (minutes: number) =>
        stack.pool.query(`update login_ends set asked_at = now() - $2 * interval '1 minute' where login_id = $1`, [
          id,
          minutes,
        ]);
      await wait(9);
      expect(await statusAt(stack.url, speaker)).toBe(200);
      await wait(10.1);
      await turnsOut(speaker);
      const { turn } = await must(get(stack.url, session.path, people.presiding));
      expect(turn).toMatchObject({ id: turn_id, state: 'active' });
    });

    test('ends at once where an admin says now', async () => {
      const { speaker, id } = await speak();
      const { result } = await must(end(id, people.admin, { now: true }));
      expect(result).toMatchObject({ id, status: 'ended' });
      await turnsOut(speaker);
    });
  });
});
