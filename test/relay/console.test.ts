/** Consoles: which tokens are let in, which rooms a token has, who hears what is told, and what is connected. */
import { randomUUID } from 'node:crypto';
import { io, type Socket } from 'socket.io-client';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { quietly, type ToldConsole, tellConsole } from '../../src/infra/console/tellConsole.ts';
import { type Cast, cast, type Json, must, openSession, type Person, person, post } from '../support/client.ts';
import { checkFrame } from '../support/liveFrames.ts';
import { isLeftOut, kind, type Stack, startStack } from '../support/stack.ts';

const NOTICE = {
  ...{ id: randomUUID(), kind: 'notice', text: 'A job failed.' },
  ...{ created_at: '2026-11-21T12:00:00.000Z', read_at: null },
};

describe.skipIf(isLeftOut)(`the console, ${kind}`, () => {
  let stack: Stack;
  let people: Cast;

  beforeAll(async () => {
    stack = await startStack();
    people = cast();
  });
  afterAll(() => stack?.stop());

  const connect = (auth: object): Socket => {
    const socket = io(`${stack.relayUrl}/console`, { forceNew: true, reconnection: false, auth });
    onTestFinished(() => void socket.close());
    return socket;
  };

  async function open({ token }: Person) {
    const socket = connect({ token });
    const messages: Json[] = [];
    socket.onAny((event, message) => {
      expect(event).toBe(message.type);
      checkFrame(message, '/console');
      messages.push(message);
    });
    const until = async (type: string, nth = 1): Promise<Json> => {
      const found = () => messages.filter((message) => message.type === type);
      await expect.poll(() => found().length, { timeout: 20_000 }).toBeGreaterThanOrEqual(nth);
      return found()[nth - 1]!;
    };
    await until('connection_response');
    return { socket, messages, until, say: (type: string, more: object = {}) => socket.emit(type, more) };
  }

  const tell = (told: ToldConsole) => tellConsole(quietly(stack.backbones[0]!.broadcast), told);

  test('lets in who has a token, and nobody else', async () => {
    const { messages } = await open(people.student);
    expect(messages[0]).toEqual({
      ...{ type: 'connection_response', status: 'connected' },
      ...{ sid: expect.any(String), server_time: expect.any(String) },
    });
    const refused = connect({ token: 'none' });
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
    const [own, other, root] = consoles as [Awaited<ReturnType<typeof open>>, ...Awaited<ReturnType<typeof open>>[]];
    await tell({
      event: 'policy_update',
      to: { admins: people.institution_id },
      body: { policy_id: randomUUID(), change: 'created' },
    });
    await tell({ event: 'admin_notification', to: { admins: null }, body: NOTICE });
    await own.until('policy_update');
    await root!.until('admin_notification');
    const heard = (of: typeof own) => of.messages.map(({ type }) => type).slice(2);
    expect([heard(own), heard(other!), heard(root!)]).toEqual([['policy_update'], [], ['admin_notification']]);
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
    await tell({ event: 'risk_score_update', to, body: { risk_score: 7, level: 'low', components: {} } });
    expect(await asking.until('risk_score_update')).toMatchObject({ risk_score: 7, level: 'low' });
    expect(silent.messages).toHaveLength(1);
    const ended = new Promise<string>((resolve) => silent.socket.on('disconnect', resolve));
    await tell({ event: 'session_terminated', to, body: { reason: 'Stolen.' } });
    expect(await silent.until('session_terminated')).toMatchObject({ reason: 'Stolen.' });
    await ended;
  });

  test('shows admins the relays and the rooms of their institution', async () => {
    const { session_id } = await openSession(stack.url, people);
    const elsewhere = await openSession(stack.url, cast());
    const { say, until } = await open(people.admin);
    say('subscribe_network_topology');
    const { nodes, as_of } = await until('network_topology_update');
    const rooms = nodes.filter(({ kind }: Json) => kind === 'room').map(({ id }: Json) => id);
    expect(rooms).toContain(`room:${session_id}`);
    expect(rooms).not.toContain(`room:${elsewhere.session_id}`);
    expect(as_of).toEqual(expect.any(String));
  });

  test('a console that says too much is told so, and ended when it happens again', async () => {
    const { socket, say, until } = await open(people.petitioner);
    const ended = new Promise<string>((resolve) => socket.on('disconnect', resolve));
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
});
