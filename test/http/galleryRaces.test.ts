/** Many at once in a gallery behind its guard: each counts once, what follows happens once, and shadowed authors cannot tell. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type Answer,
  type Cast,
  cast,
  get,
  type Json,
  must,
  openSession,
  type Person,
  person,
  post,
} from '../support/client.ts';
import { type Listener, listenOnSocketIo, listenOnWebSocket } from '../support/listener.ts';
import { isLeftOut, type Stack, startStack } from '../support/stack.ts';
import { expectIntact } from '../support/verdict.ts';

const wait = { timeout: 20_000 };
const TRANSPORTS = [
  ['websocket', listenOnWebSocket],
  ['socket.io', listenOnSocketIo],
] as const;

describe.skipIf(isLeftOut)('many at once in a gallery', { timeout: 300_000 }, () => {
  let stack: Stack;
  let people: Cast;
  let place: Awaited<ReturnType<typeof openSession>>;
  let asked = 0;

  beforeAll(async () => {
    stack = await startStack({ GUARD_MAX_KEYS: '1000', TRUSTED_PROXIES: '127.0.0.0/8' });
    people = cast();
    place = await openSession(stack.url, people, { visibility: 'public', start: false, gallery: 'always' });
    const changes = { gallery_moderation: 'after' };
    await must(post(stack.url, `/api/assignment/${place.assignment_id}/update`, people.admin, changes));
  }, 120_000);
  afterAll(() => stack.stop());

  const url = () => stack.apis[asked++ % stack.apis.length]!;
  const member = () => person('participant', { institution_id: people.institution_id });
  const act = (verb: string, who: Person | null, body: Json, headers: Record<string, string> = {}) =>
    post(url(), `${place.path}/gallery/${verb}`, who, body, headers);
  const say = (who: Person | null, text: string, more: Json = {}) =>
    act('post', who, { text, category: 'question', ...more });
  const recorded = async (stream: string, ...types: string[]) => {
    const { rows } = await stack.pool.query(
      `select e.event_type, p.payload::jsonb as payload from events e join event_payloads p using (stream, sequence)
       where e.stream = $1 and e.event_type = any($2) order by e.sequence`,
      [stream, types],
    );
    return rows as { event_type: string; payload: Json }[];
  };
  const ofGallery = (...types: string[]) => recorded(`gallery:${place.session_id}`, ...types);
  const texts = async (who: Person | null) =>
    (await must(get(url(), `${place.path}/gallery?limit=200`, who))).items.map(({ text }: Json) => text) as string[];

  test('fifty who report a message count as fifty, hide it once, remove it once and ban its author once', async () => {
    const author = member();
    const { id: message_id } = (await must(say(author, 'Counsel is a fool.'))).result;
    const reporters = Array.from({ length: 50 }, member);
    // Each sends it twice, to two processes.
    const answers = await Promise.all([...reporters, ...reporters].map((who) => act('report', who, { message_id })));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(50);
    const again = answers.filter(({ status }) => status !== 200).map(({ status, body }) => [status, body.code]);
    expect(again).toEqual(Array(50).fill([409, 'already_reported']));
    const reports = await ofGallery('SESSION_GALLERY_REPORTED');
    const effects = reports.map(({ payload }) => payload.effect);
    expect(effects).toEqual(['none', 'none', 'hidden', 'none', 'removed', ...Array(45).fill('none')]);
    const rows = `select m.reports, m.state, (select count(*)::integer from gallery_reports r where r.message_id = m.id) as told
      from gallery_messages m where m.id = $1`;
    expect((await stack.pool.query(rows, [message_id])).rows).toEqual([{ reports: 50, state: 'removed', told: 50 }]);
    const guard = `guard:${people.institution_id}`;
    const bans = () => recorded(guard, 'SESSION_GUARD_BANNED', 'SESSION_GUARD_BAN_EXTENDED');
    await expect.poll(bans, wait).toMatchObject([{ payload: { value: author.id, rule: 'reports' } }]);
    expect(await texts(people.student)).not.toContain('Counsel is a fool.');
  });

  test('hosts who hide and restore at once are answered each by what was so in its turn', async () => {
    const { id: message_id } = (await must(say(member(), 'Who pays for the ship?'))).result;
    const hosts = [people.admin, people.bailiff, people.presiding];
    const answers = await Promise.all(
      Array.from({ length: 18 }, async (_, i) => act(i % 2 ? 'restore' : 'hide', hosts[i % 3]!, { message_id })),
    );
    const statuses = new Set(answers.map(({ status, body }) => `${status} ${body.code ?? body.status}`));
    expect([...statuses].every((one) => ['200 applied', '409 message_state'].includes(one))).toBe(true);
    const events = (await ofGallery('SESSION_GALLERY_HIDDEN', 'SESSION_GALLERY_RESTORED')).map(
      ({ event_type }) => event_type,
    );
    expect(events).toHaveLength(answers.filter(({ status }) => status === 200).length);
    expect(events).toEqual(events.map((_, i) => (i % 2 ? 'SESSION_GALLERY_RESTORED' : 'SESSION_GALLERY_HIDDEN')));
    const isShown = events.at(-1) === 'SESSION_GALLERY_RESTORED';
    expect((await texts(people.student)).includes('Who pays for the ship?')).toBe(isShown);
  });

  /** All that an author can see of an answer, but for what differs in any two. */
  const seen = ({ status, headers, body: { command_id: _, events: __, ...body } }: Answer) => ({
    status,
    headers: [...headers.keys()].filter((name) => name !== 'content-length').sort(),
    body: {
      ...body,
      result: { ...body.result, id: 0, author: 0, posted_at: 0, text: 0 },
      sequence_from: 0,
      sequence_to: 0,
    },
  });

  test.each(TRANSPORTS)(
    'a shadowed author is told the own message on %s, in list and answer, as others are theirs',
    async (name, on) => {
      await must(
        post(url(), `/api/institution/${people.institution_id}/settings`, people.admin, { guard_tells: false }),
      );
      const [honest, shadowed] = [member(), member()];
      const listen = (who: Person) =>
        on(stack.relayUrl, { token: who.token, session_id: place.session_id, namespace: '/gallery' });
      const listeners = await Promise.all([honest, shadowed, people.student].map(listen));
      const [ofHonest, ofShadowed, ofOther] = listeners as [Listener, Listener, Listener];
      await Promise.all(listeners.map(({ until }) => until(({ type }) => type === 'WELCOME')));
      const one = await say(honest, 'What is a demurrer?');
      const other = await say(shadowed, 'What is an estoppel?', { website: 'filled' });
      expect(seen(other)).toEqual(seen(one));
      const mine = await ofHonest.until(({ id }) => id === one.body.result.id);
      const own = await ofShadowed.until(({ id }) => id === other.body.result.id);
      expect({ ...own, ...other.body.result }).toEqual({ type: 'MESSAGE', ...other.body.result });
      expect(Object.keys(own)).toEqual(Object.keys(mine));
      expect(await texts(shadowed)).toContain('What is an estoppel?');
      // A host answers it: of that the author is told, too, and nobody else.
      await must(act('answer', people.admin, { message_id: own.id }));
      await ofShadowed.until(({ type, id, answered }) => type === 'CHANGED' && id === own.id && answered);
      const last = await must(say(member(), `Last on ${name}?`));
      await ofOther.until(({ id }) => id === last.result.id);
      expect(JSON.stringify([ofOther.messages, ofHonest.messages])).not.toContain(own.id);
      const { items } = await must(get(url(), `${place.path}/gallery?limit=200`, shadowed));
      expect(items.find(({ id }: Json) => id === own.id)).toMatchObject({ state: 'shown' });
      for (const listener of listeners) listener.close();
    },
  );

  test('what reports hide its author is not told of, and everybody else is', async () => {
    const [author, other] = [member(), member()];
    const listeners = await Promise.all(
      [author, other].map((who) =>
        listenOnWebSocket(stack.relayUrl, { token: who.token, session_id: place.session_id, namespace: '/gallery' }),
      ),
    );
    const [own, another] = listeners as [Listener, Listener];
    await Promise.all(listeners.map(({ until }) => until(({ type }) => type === 'WELCOME')));
    const { id: message_id } = (await must(say(author, 'The bench sleeps.'))).result;
    for (let i = 0; i < 3; i += 1) await must(act('report', member(), { message_id }));
    await another.until(({ type, id }) => type === 'HIDDEN' && id === message_id);
    const last = await must(say(member(), 'And now?'));
    await own.until(({ id }) => id === last.result.id);
    expect(own.messages.filter(({ type }) => type === 'HIDDEN')).toEqual([]);
    expect(await texts(author)).toContain('The bench sleeps.');
    expect(await texts(other)).not.toContain('The bench sleeps.');
    for (const listener of listeners) listener.close();
  });

  test('the record of court and gallery verifies', async () => {
    await expectIntact(stack.url, place.session_id, people.admin);
    const record = await must(get(stack.url, '/integrity/global-verify', person('super_admin')));
    expect(record).toMatchObject({ system_valid: true, invalid_streams: [] });
  });
});
