/** Listening to a gallery, on real sockets: what is told and to whom, each refusal, each closing, and what may be said. */
import { randomUUID } from 'node:crypto';
import { io } from 'socket.io-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { gallery, Refused } from '../../src/client/node.ts';
import { amountOf } from '../support/amounts.ts';
import { type Cast, cast, type Json, must, openSession, type Person, person, post } from '../support/client.ts';
import { type Listener, type ListenOptions, listenOnSocketIo, listenOnWebSocket } from '../support/listener.ts';
import { until } from '../support/processes.ts';
import {
  type Asked,
  type Refused as RefusedAnswer,
  refusedOnSocketIo,
  refusedOnWebSocket,
} from '../support/refused.ts';
import { isLeftOut, kind, type Stack, startStack } from '../support/stack.ts';

let stack: Stack;
let people: Cast;

beforeAll(async () => {
  if (isLeftOut) return;
  stack = await startStack();
  people = cast();
});
afterAll(() => stack?.stop());

const TRANSPORTS = [
  ['websocket', listenOnWebSocket],
  ['socket.io', listenOnSocketIo],
] as const;
const namespace = '/gallery';
/** Long enough to connect on a busy machine. */
const SOON_SECONDS = 5;

interface Place {
  session_id: string;
  path: string;
}

const ALWAYS: object = { gallery: 'always', gallery_moderation: 'after' };

/** A match with a gallery, whose session is in a break unless told otherwise. */
async function openGallery(changes: Json = {}, begins = false): Promise<Place> {
  const asked = { visibility: 'public', start: begins, ...ALWAYS, ...changes };
  return openSession(stack.url, people, asked as never);
}

const listen = (place: Place, who: Person | null, on = listenOnWebSocket, more: Partial<ListenOptions> = {}) =>
  on(stack.relayUrl, { token: who?.token ?? null, session_id: place.session_id, namespace, ...more });

async function welcome(...args: Parameters<typeof listen>): Promise<Listener> {
  const listener = await listen(...args);
  await listener.until(({ type }) => type === 'WELCOME');
  return listener;
}

/** Somebody of the institution who said nothing yet. */
const spectator = () => person('participant', { institution_id: people.institution_id });

async function say({ path }: Place, text: string, who = spectator()): Promise<Json> {
  return (await must(post(stack.url, `${path}/gallery/post`, who, { text, category: 'question' }))).result;
}

const told = ({ messages }: Listener) => messages.map(({ type }) => type);

describe.skipIf(isLeftOut).each(TRANSPORTS)('a gallery on %s, %s', (_, on) => {
  test(`tells everybody what is said, how it is voted for, and what is withdrawn, ${kind}`, async () => {
    const place = await openGallery();
    const listeners = await Promise.all([people.student, people.presiding, null].map((who) => welcome(place, who, on)));
    const author = spectator();
    const allTold = (type: string) => Promise.all(listeners.map(({ until }) => until((one) => one.type === type)));
    const { id } = await say(place, 'Does the charter bind the harbour?', author);
    await allTold('MESSAGE');
    await must(post(stack.url, `${place.path}/gallery/vote`, people.student, { message_id: id }));
    await allTold('CHANGED');
    await must(post(stack.url, `${place.path}/gallery/withdraw`, author, { message_id: id }));
    await allTold('HIDDEN');
    for (const listener of listeners) {
      const message = {
        id,
        text: 'Does the charter bind the harbour?',
        category: 'question',
        answered: false,
        votes: 0,
      };
      expect(listener.messages).toEqual([
        { type: 'WELCOME', open: true, slow_seconds: 0, resume_ticket: expect.any(String) },
        expect.objectContaining({ type: 'MESSAGE', ...message }),
        { type: 'CHANGED', id, votes: 1, answered: false },
        { type: 'HIDDEN', id },
      ]);
      listener.close();
    }
  });

  test('tells nothing of what waits for a moderator, until it is let through, and tells what is restored', async () => {
    const place = await openGallery({ gallery_moderation: 'before' });
    const listener = await welcome(place, people.student, on);
    const host = (verb: string, body: Json) =>
      must(post(stack.url, `${place.path}/gallery/${verb}`, people.admin, body));
    const held = await say(place, 'Is this read first?');
    const { id: message_id } = await say(place, 'And this?');
    await host('approve', { message_id });
    await listener.until(({ type }) => type === 'MESSAGE');
    await host('hide', { message_id, reason: 'Off the point.' });
    await listener.until(({ type }) => type === 'HIDDEN');
    await host('restore', { message_id, reason: 'It was not.' });
    await listener.until(({ type }) => type === 'RESTORED');
    await host('close', {});
    await listener.until(({ type, open }) => type === 'STATE' && !open);
    expect(listener.messages.map(({ type, id }) => [type, id])).toEqual([
      ['WELCOME', undefined],
      ...['MESSAGE', 'HIDDEN', 'RESTORED'].map((type) => [type, message_id]),
      ['STATE', undefined],
    ]);
    expect(JSON.stringify(listener.messages)).not.toContain(held.id);
    listener.close();
  });

  test('answers PING, and refuses everything else without a change', async () => {
    const listener = await welcome(await openGallery(), people.student, on);
    listener.send({ type: 'ACK', last_sequence: 1 });
    expect(await listener.until(({ type }) => type === 'ERROR')).toMatchObject({ code: 'message_not_allowed' });
    listener.send({ type: 'PING' });
    expect(await listener.until(({ type }) => type === 'PONG')).toEqual({
      type: 'PONG',
      timestamp: expect.any(String),
    });
    expect(told(listener).sort()).toEqual(['ERROR', 'PONG', 'WELCOME']);
    listener.close();
  });

  test('ends a flood as at a session', async () => {
    const listener = await welcome(await openGallery(), people.student, on);
    for (let n = 0; n < 30; n += 1) listener.send({ type: 'PING' });
    expect(await listener.until(({ type }) => type === 'ERROR')).toMatchObject({ code: 'message_rate' });
    listener.close();
  });

  test('is left by the whole roster as soon as the session is active, and by those without a token, and goes on for others', async () => {
    const place = await openGallery();
    const { body } = await post(stack.url, `${place.path}/observe`, null);
    const bearer = (token: string) => ({ ...people.student, token });
    const [student, ticket, ...gone] = await Promise.all(
      [people.student, bearer(body.result.ticket), ...[people.presiding, people.petitioner, people.bailiff], null].map(
        (who) => welcome(place, who, on),
      ),
    );
    await must(post(stack.url, `${place.path}/start`, people.presiding));
    const ends = await Promise.all(gone.map(({ closed }) => closed));
    const byWebSocket = [4404, 4404, 4404, 4401];
    expect(ends).toEqual(on === listenOnWebSocket ? byWebSocket : ends.map(() => 'io server disconnect'));
    const errors = gone.map(({ messages }) => messages.at(-1)!.code);
    expect(errors).toEqual(['not_found', 'not_found', 'not_found', 'unauthenticated']);
    await say(place, 'Is that so?');
    for (const listener of [student!, ticket!]) {
      await listener.until(({ type }) => type === 'MESSAGE');
      listener.close();
    }
  });

  test('tells when it closes and opens with the session, where it is for breaks', async () => {
    const place = await openGallery({ gallery: 'breaks' });
    const listener = await welcome(place, people.student, on);
    await must(post(stack.url, `${place.path}/start`, people.presiding));
    await listener.until(({ type, open }) => type === 'STATE' && open === false);
    await must(post(stack.url, `${place.path}/pause`, people.presiding));
    await listener.until(({ type, open }) => type === 'STATE' && open === true);
    const late = await welcome(place, people.student, on);
    expect(late.messages[0]).toMatchObject({ type: 'WELCOME', open: true });
    listener.close();
    late.close();
  });

  test('ends with the token, without a word before', async () => {
    const place = await openGallery();
    const exp = Math.floor(Date.now() / 1_000) + SOON_SECONDS;
    const { institution_id } = people;
    const listener = await listen(place, person('participant', { institution_id, claims: { exp } }), on);
    expect(await listener.closed).toBe(on === listenOnWebSocket ? 4401 : 'io server disconnect');
    expect(listener.messages.at(-1)).toMatchObject({ type: 'ERROR', code: 'unauthenticated' });
    expect(told(listener)).not.toContain('TOKEN_EXPIRING');
  });

  test('ends when the token is revoked', async () => {
    const { institution_id } = people;
    const jti = randomUUID();
    const listener = await welcome(await openGallery(), person('participant', { institution_id, claims: { jti } }), on);
    await must(post(stack.url, '/ops/tokens/revoke', person('super_admin'), { jti }));
    expect(await listener.closed).toBe(on === listenOnWebSocket ? 4401 : 'io server disconnect');
  });

  test('ends for those who have come onto the roster of an active session', async () => {
    const place = await openGallery({}, true);
    const { outsideJudge: newcomer } = people;
    const listener = await welcome(place, newcomer, on);
    const { assignment_id } = place as unknown as { assignment_id: string };
    const change = { user_id: people.judge.id, replacement: { user_id: newcomer.id, name: newcomer.name } };
    await must(post(stack.url, `/api/assignment/${assignment_id}/substitute`, people.admin, change));
    expect(await listener.closed).toBe(on === listenOnWebSocket ? 4404 : 'io server disconnect');
    expect(listener.messages.at(-1)).toMatchObject({ type: 'ERROR', code: 'not_found' });
  });
});

describe.skipIf(isLeftOut)(`the door of a gallery, ${kind},`, () => {
  const places = new Map<string, Promise<Place>>();
  const place = (name: string, changes: Json, begins: boolean) => {
    if (!places.has(name)) places.set(name, openGallery(changes, begins));
    return places.get(name)!;
  };
  const active = () => place('active', {}, true);
  const off = () => place('off', { gallery: 'off' }, false);
  const inside = () => place('inside', { visibility: 'institution' }, false);
  const REFUSALS: [string, () => Promise<Place>, () => Person | null, RefusedAnswer, number][] = [
    ['the bench of an active session', active, () => people.presiding, { status: 404, code: 'not_found' }, 4404],
    ['its counsel', active, () => people.petitioner, { status: 404, code: 'not_found' }, 4404],
    ['its moderators', active, () => people.bailiff, { status: 404, code: 'not_found' }, 4404],
    ['nobody known, while it is active', active, () => null, { status: 401, code: 'unauthenticated' }, 4401],
    ['anybody, where it is off', off, () => people.student, { status: 409, code: 'gallery_closed' }, 4403],
    ['nobody known, where it is off', off, () => null, { status: 409, code: 'gallery_closed' }, 4403],
    ['nobody known, of what is not public', inside, () => null, { status: 401, code: 'unauthenticated' }, 4401],
    [
      'people of another institution, of what is not public',
      inside,
      () => person('admin', { institution_id: randomUUID() }),
      ...([{ status: 404, code: 'not_found' }, 4404] as const),
    ],
    [
      'a session that is not there',
      async () => ({ session_id: randomUUID(), path: '' }),
      () => people.student,
      ...([{ status: 404, code: 'not_found' }, 4404] as const),
    ],
    [
      'no session, without a token',
      async () => ({ session_id: 'no-uuid', path: '' }),
      () => null,
      ...([{ status: 401, code: 'unauthenticated' }, 4401] as const),
    ],
    [
      'a forged token',
      active,
      () => ({ ...people.student, token: `${people.student.token}x` }),
      ...([{ status: 401, code: 'unauthenticated' }, 4401] as const),
    ],
  ];

  test.each(REFUSALS)(
    'refuses %s on each transport as its client can read it',
    async (_, where, who, answer, close) => {
      const { session_id } = await where();
      const token = who()?.token;
      const asked: Asked = { session_id, namespace, ...(token !== undefined && { token }) };
      expect(await refusedOnWebSocket(stack.relayUrl, asked)).toEqual(answer);
      const origin = stack.relayUrl;
      expect(await refusedOnWebSocket(stack.relayUrl, asked, { origin })).toEqual({ close, code: answer.code });
      for (const by of ['polling', 'websocket'])
        expect(await refusedOnSocketIo(stack.relayUrl, asked, {}, [by])).toEqual(answer);
    },
  );

  test('refuses the observer ticket of a counsel while the session is active, and takes that of others', async () => {
    const { session_id, path } = await active();
    const tickets = await Promise.all(
      [people.petitioner, people.student].map(
        async (who) => (await must(post(stack.url, `${path}/observe`, who))).result,
      ),
    );
    const [own, other] = tickets.map(({ ticket }) => ticket as string);
    const refused = await refusedOnWebSocket(stack.relayUrl, { session_id, namespace, token: own! });
    expect(refused).toEqual({ status: 404, code: 'not_found' });
    (await welcome(await active(), { ...people.student, token: other! })).close();
  });

  test('has no event stream', async () => {
    const answer = await fetch(`${stack.relayUrl}/gallery/sse/${(await active()).session_id}`);
    expect(answer.status).toBe(404);
  });
});

describe.skipIf(isLeftOut)(`listeners of a gallery, ${kind},`, () => {
  test('share a connection of socket.io with those of the session, and each goes by itself', async () => {
    const place = await openGallery();
    const { session_id } = place;
    const auth = { token: people.presiding.token, session_id };
    const [live, beside] = ['/live', namespace].map((name) => io(stack.relayUrl + name, { auth, reconnection: false }));
    const heard: string[] = [];
    live!.onAny((name: string) => heard.push(`live ${name}`));
    beside!.onAny((name: string) => heard.push(`gallery ${name}`));
    await until('both are welcome', () => heard.includes('live WELCOME') && heard.includes('gallery WELCOME'));
    await must(post(stack.url, `${place.path}/start`, people.presiding));
    await until('the gallery is left', () => beside!.disconnected);
    await must(post(stack.url, `${place.path}/pause`, people.presiding));
    await until('the session goes on', () => heard.filter((one) => one === 'live EVENT').length >= 2);
    expect(live!.connected).toBe(true);
    live!.close();
  });

  test('count as connections and in no room of the session', async () => {
    const place = await openGallery();
    const connections = () => amountOf('active_websocket_connections', stack.backbones);
    const listener = await welcome(place, people.student);
    await until('those of before are gone', async () => (await connections()) === 1);
    const other = await welcome(place, people.student, listenOnSocketIo);
    await until('it is counted', async () => (await connections()) === 2);
    const live = await listenOnWebSocket(stack.relayUrl, { token: people.student.token, session_id: place.session_id });
    const { data } = await live.until(({ type }) => type === 'SNAPSHOT');
    expect(data.presence.listeners).toBeLessThanOrEqual(1);
    for (const one of [listener, other, live]) one.close();
  });

  test('are sent away one by one by a relay that stops, to come back', async () => {
    const own = await startStack();
    const stopped = await (async () => {
      const { session_id } = await openSession(own.url, people, { visibility: 'public', start: false, ...ALWAYS });
      const asked = { token: people.student.token, session_id, namespace } as const;
      const listeners = await Promise.all(TRANSPORTS.map(([, on]) => on(own.relayUrl, asked)));
      await Promise.all(listeners.map((listener) => listener.until(({ type }) => type === 'WELCOME')));
      const ends = Promise.all(listeners.map(({ closed }) => closed));
      return { listeners, ends };
    })().finally(() => own.stop());
    expect(await stopped.ends).toEqual([4503, 'transport close']);
    for (const { messages } of stopped.listeners)
      expect(messages.at(-1)).toMatchObject({ type: 'ERROR', code: 'unavailable' });
  });

  test('come back with the ticket of WELCOME, once', async () => {
    const place = await openGallery();
    const first = await welcome(place, people.student);
    const { resume_ticket } = first.messages[0]!;
    first.close();
    await first.closed;
    const resumed = () => amountOf('admissions_total', stack.backbones, 'transport="websocket",result="resumed"');
    const before = await resumed();
    (await welcome(place, people.student, listenOnWebSocket, { resume_ticket })).close();
    expect(await resumed()).toBe(before + 1);
  });

  test('of the client are told by name, come back by themselves, and hear why they are refused', async () => {
    const place = await openGallery();
    const heard: [string, Json][] = [];
    const listener = gallery({ url: stack.relayUrl, session: place.session_id, token: people.student.token });
    for (const name of ['welcome', 'message', 'changed', 'hidden'] as const)
      listener.on(name, (what) => heard.push([name, what as Json]));
    await until('it is welcome', () => heard.length > 0);
    const { id } = await say(place, 'Why?');
    await until('it is told', () => heard.some(([name, what]) => name === 'message' && what.id === id));
    expect(heard[0]).toEqual(['welcome', { open: true, slow_seconds: 0 }]);
    listener.close();
    const refused = gallery({ url: stack.relayUrl, session: randomUUID(), token: people.student.token });
    const error = await new Promise<Refused>((resolve) => void refused.on('error', resolve));
    expect([error instanceof Refused, error.code, error.close_code]).toEqual([true, 'not_found', 4404]);
  });
});
