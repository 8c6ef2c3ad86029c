/** Consoles: which tokens are let in, which rooms a token has, who hears what is told, and what is connected. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ToldConsole } from '../../src/infra/console/tellConsole.ts';
import { signToken } from '../../src/infra/tokens.ts';
import { type Cast, cast, get, type Json, must, openSession, type Person, person, post } from '../support/client.ts';
import { type Console, connectConsole, openConsole, tellFrom } from '../support/consoles.ts';
import { isLeftOut, kind, SECRET, type Stack, startStack } from '../support/stack.ts';

const NOTICE = {
  ...{ id: randomUUID(), kind: 'notice', text: 'A job failed.' },
  ...{ created_at: '2026-11-21T12:00:00.000Z', read_at: null },
};

const RISK = { risk_score: 7, level: 'low', components: {} };

const SOON = { timeout: 30_000 };

describe.skipIf(isLeftOut)(`the console, ${kind}`, () => {
  let stack: Stack;
  let people: Cast;

  beforeAll(async () => {
    stack = await startStack();
    people = cast();
  });
  afterAll(() => stack?.stop());

  const open = (who: Pick<Person, 'token'>) => openConsole(stack.relayUrl, who);
  const tell = (told: ToldConsole) => tellFrom(stack, told);

  test('lets in who has a token, and nobody else', async () => {
    const { messages } = await open(people.student);
    expect(messages[0]).toEqual({
      ...{ type: 'connection_response', status: 'connected' },
      ...{ sid: expect.any(String), server_time: expect.any(String) },
    });
    const refused = connectConsole(stack.relayUrl, { token: 'none' });
    const error = await new Promise<Error & { data?: Json }>((resolve) => refused.on('connect_error', resolve));
    expect(error.data).toMatchObject({ code: 'unauthenticated', status: 401 });
  });

  test('has the rooms of the token, and refuses the ids of others', async () => {
    const { say, until } = await open(people.student);
    say('join_user_room', { user_id: people.bailiff.id });
    expect(await until('error')).toMatchObject({ code: 'not_found' });
    say('join_user_room', { user_id: people.student.id });
    expect(await until('room_joined')).toEqual({ type: 'room_joined', room: `user:${people.student.id}` });
    say('join_admin_room');
    expect(await until('error', 2)).toMatchObject({ code: 'forbidden' });
    say('subscribe_risk_score', { user_id: people.bailiff.id });
    expect(await until('error', 3)).toMatchObject({ code: 'not_found' });
    say('subscribe_network_topology');
    expect(await until('error', 4)).toMatchObject({ code: 'forbidden' });
    say('behavioral_data', { keystrokes: [] });
    expect(await until('error', 5)).toMatchObject({ code: 'use_rest' });
    say('shout', {});
    expect(await until('error', 6)).toMatchObject({ code: 'message_not_allowed' });
    say('leave_room', { room: `user:${people.student.id}` });
    expect(await until('room_left')).toEqual({ type: 'room_left', room: `user:${people.student.id}` });
    say('ping');
    expect(await until('pong')).toEqual({ type: 'pong', server_time: expect.any(String) });
    const admin = await open(people.admin);
    admin.say('join_admin_room', { institution_id: randomUUID() });
    expect(await admin.until('error')).toMatchObject({ code: 'not_found' });
    admin.say('join_admin_room');
    expect((await admin.until('room_joined')).room).toBe(`admin:${people.institution_id}`);
  });

  test('a notice is pushed to whom it is for, and to nobody else', async () => {
    const { session_id, path } = await openSession(stack.url, people);
    const consoles = await Promise.all([open(people.student), open(people.bailiff)]);
    for (const one of consoles) {
      one.say('join_user_room');
      await one.until('room_joined');
    }
    await must(post(stack.url, '/follow', people.student, { session_id }));
    await must(post(stack.url, `${path}/complete`, people.presiding, { skip_turns: true }));
    expect(await consoles[0]!.until('notification')).toMatchObject({ kind: 'result', read_at: null });
    expect(consoles[1]!.messages.filter(({ type }) => type === 'notification')).toEqual([]);
  });

  test('what is told to admins is heard by those of the institution, in their room', async () => {
    const stranger = person('admin', { institution_id: randomUUID() });
    const operator = person('super_admin');
    const consoles = await Promise.all([people.admin, stranger, operator].map(open));
    for (const one of consoles) {
      one.say('join_admin_room');
      await one.until('room_joined');
    }
    const [own, other, root] = consoles as [Console, Console, Console];
    await tell({
      event: 'policy_update',
      to: { admins: people.institution_id },
      body: { policy_id: randomUUID(), change: 'created' },
    });
    await tell({ event: 'admin_notification', to: { admins: null }, body: NOTICE });
    await own.until('policy_update');
    await root.until('admin_notification');
    expect([own.heard(), other.heard(), root.heard()]).toEqual([['policy_update'], [], ['admin_notification']]);
  });

  test('each change of a policy is told to the admins of its institution', async () => {
    const settings = `/api/institution/${people.institution_id}/settings`;
    await must(post(stack.url, settings, people.admin, { policies: true }));
    const admin = await open(people.admin);
    admin.say('join_admin_room');
    await admin.until('room_joined');
    const rules = [{ resource_type: 'turn.*', allowed_roles: ['admin'], min_confidence: 0, step_up: false }];
    const { result } = await must(post(stack.url, '/policies/create', people.admin, { rules }));
    const told = { policy_id: result.id, change: 'created', version: 1, mode: 'observe', active: true };
    expect(await admin.until('policy_update')).toEqual({ type: 'policy_update', ...told });
  });

  test('risk is told to who asked for it, and a sign-in that is ended is told so and disconnected', async () => {
    const asking = await open(people.judge);
    const silent = await open(people.judge);
    asking.say('subscribe_risk_score');
    await asking.until('subscribed');
    const to = { user_id: people.judge.id };
    await tell({ event: 'risk_score_update', to, body: RISK });
    expect(await asking.until('risk_score_update')).toMatchObject(RISK);
    expect(silent.heard()).toEqual([]);
    await tell({ event: 'session_terminated', to, body: { reason: 'Stolen.' } });
    expect(await silent.until('session_terminated')).toMatchObject({ reason: 'Stolen.' });
    expect(await silent.ended).toBe('io server disconnect');
  });

  test('admins hear of the risk of people who signed in to their institution, and of nobody else', async () => {
    const { judge, admin, institution_id } = people;
    const other = cast();
    for (const who of [judge, other.judge]) await must(get(stack.url, '/auth/sessions', who));
    const [own, elsewhere, root] = [await open(admin), await open(other.admin), await open(person('super_admin'))];
    const asks = async (one: Console, user_id: string, answer: string) => {
      await expect
        .poll(
          async () => {
            const before = one.messages.length;
            one.say('subscribe_risk_score', { user_id });
            await expect.poll(() => one.messages.length, { timeout: 20_000 }).toBeGreaterThan(before);
            const { type, code = type } = one.messages.at(-1)!;
            return code;
          },
          // A sign-in is noted behind the request in which it was seen.
          { timeout: 20_000, interval: 1_000 },
        )
        .toBe(answer);
    };
    await asks(own, judge.id, 'subscribed');
    await asks(root, other.judge.id, 'subscribed');
    await asks(elsewhere, other.judge.id, 'subscribed');
    for (const stranger of [other.judge.id, randomUUID()]) await asks(own, stranger, 'not_found');
    const before = own.heard().length;
    const risk = (to: ToldConsole['to']) => tell({ event: 'risk_score_update', to, body: RISK });
    await risk({ user_id: other.judge.id });
    await risk({ user_id: judge.id, institution_id: randomUUID() });
    await risk({ login_id: randomUUID(), user_id: judge.id, institution_id });
    await risk({ user_id: judge.id });
    await own.until('risk_score_update', 2);
    expect(own.heard().slice(before)).toEqual(['risk_score_update', 'risk_score_update']);
    await Promise.all([root.until('risk_score_update'), elsewhere.until('risk_score_update')]);
  });

  test('shows admins what runs, and the rooms of their institution, as these change', async () => {
    const { session_id, path } = await openSession(stack.url, people);
    const elsewhere = await openSession(stack.url, cast());
    const { say, until, messages } = await open(people.admin);
    say('subscribe_network_topology');
    await until('network_topology_update');
    const last = () => messages.findLast(({ type }) => type === 'network_topology_update')!;
    const idsOf = (kind: string) => last().nodes.flatMap((node: Json) => (node.kind === kind ? [node.id] : []));
    // What was seen for its institution a moment ago is told first.
    await expect.poll(() => idsOf('room'), SOON).toContain(`room:${session_id}`);
    await expect.poll(() => idsOf('relay').length, SOON).toBeGreaterThan(0);
    expect(idsOf('room')).not.toContain(`room:${elsewhere.session_id}`);
    const { nodes, edges, as_of } = last();
    const worker = nodes.find(({ id }: Json) => id === 'process:worker');
    expect(worker).toMatchObject({ kind: 'process', state: 'up', listeners: 0 });
    expect(worker.processes).toBeGreaterThan(0);
    expect(nodes).toContainEqual({ id: 'queue:ml', kind: 'queue', state: 'served', listeners: 0 });
    expect(edges).toContainEqual({ from: 'process:worker', to: 'queue:ml', listeners: 0, status: 'served' });
    expect(as_of).toEqual(expect.any(String));
    await must(post(stack.url, `${path}/complete`, people.presiding, { skip_turns: true }));
    await expect.poll(() => idsOf('room'), SOON).not.toContain(`room:${session_id}`);
  });

  test('a console that says too much is told so, and ended when it happens again', async () => {
    const { socket, say, until, ended } = await open(people.petitioner);
    for (let i = 0; i < 25; i++) say('ping');
    expect(await until('error')).toMatchObject({ code: 'message_rate' });
    expect(socket.connected).toBe(true);
    await expect
      .poll(
        () => {
          for (let i = 0; i < 25; i++) say('ping');
          return socket.connected;
        },
        { timeout: 25_000, interval: 1_000 },
      )
      .toBe(false);
    await ended;
  });

  test('a console is told before its token ends, and goes on with a newer one of the same person', async () => {
    const { id: sub, institution_id } = people.respondent;
    const tokenFor = (seconds: number) =>
      signToken({ sub, role: 'participant', institution_id, exp: Math.floor(Date.now() / 1_000) + seconds }, SECRET);
    const { say, until, socket } = await open({ token: tokenFor(30) });
    expect((await until('TOKEN_EXPIRING')).in_ms).toBeLessThanOrEqual(30_000);
    say('REAUTH', { token: tokenFor(3_600) });
    await until('REAUTHED');
    say('ping');
    await until('pong');
    say('REAUTH', { token: person('participant').token });
    expect(await until('error')).toMatchObject({ code: 'unauthenticated' });
    await expect.poll(() => socket.connected, { timeout: 20_000 }).toBe(false);
  });

  test('what is no message is told so, and ends the connection the third time', async () => {
    const { socket, until, ended } = await open(people.bailiff);
    for (let i = 0; i < 3; i++) socket.emit('join_user_room', 'a'.repeat(10_000));
    expect(await until('error')).toMatchObject({ code: 'bad_message' });
    await ended;
  });
});
