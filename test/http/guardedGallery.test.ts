/** The gallery behind its guard: what is refused and counted there, whom it shadows, and that a shadowed author cannot tell. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { acceptCommands } from '../../src/core/apply/inbox.ts';
import { systemSubmission } from '../../src/core/apply/systemSubmission.ts';
import { untilSettled } from '../support/checkHistory.ts';
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
import { listenOnSocketIo, listenOnWebSocket } from '../support/listener.ts';
import { isLeftOut, type Stack, startStack } from '../support/stack.ts';
import { expectIntact } from '../support/verdict.ts';

describe.skipIf(isLeftOut)('the gallery behind its guard', () => {
  let stack: Stack;
  let people: Cast;
  let path: string;
  let addresses = 0;
  const wait = { timeout: 20_000 };

  beforeAll(async () => {
    stack = await startStack({ GUARD_MAX_KEYS: '1000', TRUSTED_PROXIES: '127.0.0.0/8' });
    people = cast();
    const opened = await openSession(stack.url, people, { visibility: 'public', start: false });
    const changes = { gallery: 'breaks', gallery_moderation: 'after' };
    await must(post(stack.url, `/api/assignment/${opened.assignment_id}/update`, people.admin, changes));
    ({ path } = opened);
  }, 120_000);

  afterAll(() => stack.stop());

  /** A visitor of an address of its own. */
  function visitor() {
    addresses += 1;
    const from = { 'x-forwarded-for': `192.0.2.${addresses}`, 'x-browser-fingerprint': randomUUID() };
    return (verb: string, body: Json, more: Record<string, string> = {}) =>
      post(stack.url, `${path}/gallery/${verb}`, null, body, { ...from, ...more });
  }
  const say = (text: string) => ({ text, category: 'question' });
  const bansOf = async (rule: string) =>
    (await must(get(stack.url, '/api/guard/bans', people.admin))).items.filter(
      (ban: Json) => ban.rule === rule,
    ) as Json[];
  const shown = async (who: Person) => {
    const { items } = await must(get(stack.url, `${path}/gallery?limit=200`, who));
    return items.map(({ text }: Json) => text) as string[];
  };
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

  test('an author posts once a minute; a refused text begins no cooldown, and the third within a day is the one too many', async () => {
    const ask = visitor();
    const refused = await ask('post', say('buy now at bit.ly/abc'));
    expect(refused).toMatchObject({ status: 422, body: { code: 'refused_text', rule: expect.any(String) } });
    await ask('post', say('buy now at bit.ly/abc'));
    const before = await bansOf('text');
    expect((await ask('post', say('Does the treaty bind the harbour?'))).status).toBe(201);
    const again = await ask('post', say('And the pier?'));
    expect(again).toMatchObject({ status: 429, body: { code: 'cooldown' } });
    expect(Number(again.headers.get('retry-after'))).toBeGreaterThan(50);
    await ask('post', say('buy now at bit.ly/abc'));
    await expect.poll(async () => (await bansOf('text')).length, wait).toBe(before.length + 1);
  });

  test('who fills the field that nobody sees is shadowed, and cannot tell', async () => {
    const [honest, trapped] = [visitor(), visitor()];
    const one = await honest('post', say('What is a demurrer?'));
    const other = await trapped('post', { ...say('What is an estoppel?'), website: 'https://spam.example' });
    expect(seen(other)).toEqual(seen(one));
    await expect.poll(async () => bansOf('honeypot'), wait).toHaveLength(1);
    const told = await shown(people.student);
    expect([told.includes('What is a demurrer?'), told.includes('What is an estoppel?')]).toEqual([true, false]);
  });

  test('a visitor who is shadowed hears the own messages on sockets as others do theirs, and no neighbour hears them', async () => {
    addresses += 1;
    const from = { 'x-forwarded-for': `192.0.2.${addresses}` };
    const [fingerprint, other] = [randomUUID(), randomUUID()];
    const place = { token: null, session_id: path.split('/').at(-1)!, namespace: '/gallery', headers: from } as const;
    const own = await Promise.all([
      listenOnWebSocket(stack.relayUrl, { ...place, fingerprint }),
      listenOnWebSocket(stack.relayUrl, { ...place, headers: { ...from, 'x-browser-fingerprint': fingerprint } }),
      listenOnSocketIo(stack.relayUrl, { ...place, fingerprint }),
    ]);
    const neighbour = await listenOnWebSocket(stack.relayUrl, { ...place, fingerprint: other });
    const all = [...own, neighbour];
    for (const one of all) await one.until(({ type }) => type === 'WELCOME');
    const speak = async (browser: string, body: Json) => {
      const headers = { ...from, 'x-browser-fingerprint': browser };
      return (await must(post(stack.url, `${path}/gallery/post`, null, body, headers))).result.id as string;
    };
    const shadowed = await speak(fingerprint, { ...say('Am I heard?'), website: 'filled' });
    const open = await speak(other, say('Who is heard?'));
    for (const one of all) await one.until(({ id }) => id === open);
    for (const one of own) await one.until(({ id }) => id === shadowed);
    expect(neighbour.messages.map(({ id }) => id)).not.toContain(shadowed);
    for (const one of all) one.close();
  });

  test('a post that is known by its key is answered again, and a post that is not taken gives its cooldown back', async () => {
    const ask = visitor();
    const key = { 'idempotency-key': randomUUID() };
    const first = await ask('post', say('Who wrote the brief?'), key);
    const again = await ask('post', say('Who wrote the brief?'), key);
    expect([again.status, again.body.command_id]).toEqual([201, first.body.command_id]);
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    const other = visitor();
    const late = await other('post', say('Too late?'), { 'if-match': '"999"' });
    expect(late.status).toBe(412);
    expect((await other('post', say('Not too late?'))).status).toBe(201);
  });

  test('a post that is rejected after its answer gives its cooldown back, too', async () => {
    const ask = visitor();
    const late = await ask('post', say('Is it too late?'), { 'if-match': '"999"', prefer: 'respond-async' });
    expect(late.status).toBe(202);
    await expect.poll(async () => (await ask('post', say('Is it not too late?'))).status, wait).toBe(201);
  });

  test('a post that is known by its key is answered again however often, but not more often than others are taken', async () => {
    const author = person('participant', { institution_id: people.institution_id });
    const key = { 'idempotency-key': randomUUID() };
    const again = () => post(stack.url, `${path}/gallery/post`, author, say('Who answers?'), key);
    expect((await again()).status).toBe(201);
    const flood = async () =>
      (await Promise.all(Array.from({ length: 60 }, again))).filter(({ body }) => body.limit === 'rate').length;
    await expect.poll(flood, wait).toBeGreaterThan(0);
    await expect.poll(async () => (await again()).status, wait).toBe(201);
  });

  test('three people who report a message hide it, and its author is banned until a person looks', async () => {
    const author = visitor();
    const posted = await author('post', say('Counsel is a fool.'));
    expect(posted.status).toBe(201);
    const message_id = posted.body.result.id;
    const report = (who: Person) => post(stack.url, `${path}/gallery/report`, who, { message_id });
    for (let i = 0; i < 2; i += 1) await must(report(person('participant', { institution_id: people.institution_id })));
    expect(await bansOf('reports')).toEqual([]);
    await must(report(person('participant', { institution_id: people.institution_id })));
    await expect.poll(async () => bansOf('reports'), wait).toMatchObject([{ review: true, state: 'open' }]);
    expect(await shown(people.student)).not.toContain('Counsel is a fool.');
    const [ban] = await bansOf('reports');
    await must(post(stack.url, '/api/guard/unban', people.admin, { ban_id: ban!.id, reason: 'A heated moment.' }));
    await must(report(person('participant', { institution_id: people.institution_id })));
    expect(await bansOf('reports')).toEqual([]);
  });

  test('a visitor whom two people reported in one session waits longer in all sessions of the institution', async () => {
    const [elsewhere, here] = await Promise.all(
      [1, 2].map(async () => {
        const opened = await openSession(stack.url, people, { visibility: 'public', start: false });
        const changes = { gallery: 'breaks', gallery_moderation: 'after' };
        await must(post(stack.url, `/api/assignment/${opened.assignment_id}/update`, people.admin, changes));
        return opened;
      }),
    );
    addresses += 1;
    const from = { 'x-forwarded-for': `192.0.2.${addresses}`, 'x-browser-fingerprint': randomUUID() };
    const { result } = await must(
      post(stack.url, `${here!.path}/gallery/post`, null, say('Is the bench awake?'), from),
    );
    const cooldown = `/api/gallery/cooldown?session_id=${elsewhere!.session_id}`;
    const left = async (): Promise<number> => (await get(stack.url, cooldown, null, from)).body.remaining_seconds;
    expect(await left()).toBeLessThanOrEqual(60);
    for (let i = 0; i < 2; i += 1) {
      const reporter = person('participant', { institution_id: people.institution_id });
      await must(post(stack.url, `${here!.path}/gallery/report`, reporter, { message_id: result.id }));
    }
    expect(await left()).toBeGreaterThan(60);
    // By the retention, with which the visitor's key goes.
    await eraseAll(here!.session_id);
    expect(await left()).toBeGreaterThan(60);
    const stranger = { ...from, 'x-browser-fingerprint': randomUUID() };
    expect((await get(stack.url, cooldown, null, stranger)).body.remaining_seconds).toBe(0);
  });

  test('whom three people have reported moderators read first, whom six have nobody else reads, and neither can tell', async () => {
    const session_id = path.split('/').at(-1)!;
    const member = () => person('participant', { institution_id: people.institution_id });
    /** So many messages of an author, said at other times, each of which somebody else reports. */
    async function reported(author: Person, count: number): Promise<void> {
      const actor = { id: author.id, role: 'participant', institution_id: people.institution_id } as const;
      const facts = { id: author.id, key: author.id, reporter: author.id, is_shadowed: false, shown_to: 'everybody' };
      const before = Array.from({ length: count }, (_, n) => ({
        ...systemSubmission({
          ...{ name: 'gallery.post', streams: [`gallery:${session_id}`], institution_id: people.institution_id },
          input: { session_id, ...say(`Is that clause ${n} of ${count}?`), author: facts },
        }),
        actor,
      }));
      await acceptCommands(stack.pool as never, before);
      await untilSettled(stack.pool);
      for (const { id: message_id } of before)
        await must(post(stack.url, `${path}/gallery/report`, member(), { message_id }));
    }
    for (const [count, isRead, waits] of [
      [3, true, 900],
      [6, false, 7_200],
    ] as const) {
      const author = member();
      await reported(author, count);
      const text = `Who reads what ${count} have reported?`;
      const { result } = await must(post(stack.url, `${path}/gallery/post`, author, say(text)));
      expect(result).toMatchObject({ state: 'shown', text });
      expect(await shown(author)).toContain(text);
      expect(await shown(people.student)).not.toContain(text);
      const { items } = await must(get(stack.url, `${path}/gallery/held?limit=200`, people.admin));
      expect(items.some(({ id }: Json) => id === result.id)).toBe(isRead);
      const left = await must(get(stack.url, `/api/gallery/cooldown?session_id=${session_id}`, author));
      expect(left.remaining_seconds).toBeGreaterThan(waits - 300);
      expect(left.remaining_seconds).toBeLessThanOrEqual(waits);
    }
    expect((await bansOf('reports')).filter(({ state }) => state === 'open')).toEqual([]);
  });

  async function eraseAll(session_id: string): Promise<void> {
    const input = { session_id, before: new Date().toISOString(), from: 1 };
    const erasing = { name: 'gallery.erase', streams: [`gallery:${session_id}`], input };
    const submission = systemSubmission({ ...erasing, institution_id: people.institution_id });
    await acceptCommands(stack.pool as never, [submission]);
    await untilSettled(stack.pool);
    const text = 'select author_key from gallery_messages where session_id = $1';
    expect((await stack.pool.query(text, [session_id])).rows).toEqual([{ author_key: null }]);
  }

  test('a signed-in author who is banned is told why and how to appeal, in list and cooldown, unless the institution does not tell', async () => {
    const settings = `/api/institution/${people.institution_id}/settings`;
    const [author, other] = [1, 2].map(() => person('participant', { institution_id: people.institution_id }));
    const session_id = path.split('/').at(-1);
    const told = async (who: Person | null) => {
      const reads = [
        `${path}/gallery`,
        `/messages?session_id=${session_id}`,
        `/api/gallery/cooldown?session_id=${session_id}`,
      ];
      return Promise.all(reads.map(async (read) => (await must(get(stack.url, read, who))).banned));
    };
    const nothing = [undefined, undefined, undefined];
    expect(await told(author!)).toEqual(nothing);
    const first = await must(post(stack.url, `${path}/gallery/post`, author!, say('Is the bench asleep?')));
    const banning = { message_id: first.result.id, reason: 'Insults the bench.', hours: 3 };
    await must(post(stack.url, `${path}/gallery/ban`, people.admin, banning));
    const notice = {
      reason: 'Insults the bench.',
      until: expect.any(String),
      appeal: expect.stringContaining('admin'),
    };
    await expect.poll(() => told(author!), wait).toEqual([notice, notice, notice]);
    for (const who of [other!, people.admin, null]) expect(await told(who)).toEqual(nothing);
    await must(post(stack.url, settings, people.admin, { guard_tells: false }));
    expect(await told(author!)).toEqual(nothing);
    await must(post(stack.url, settings, people.admin, { guard_tells: true }));
    expect(await told(author!)).toEqual([notice, notice, notice]);
    const named = { key: author!.id, reason: 'It was a joke.' };
    await must(post(stack.url, '/api/guard/unban', people.admin, named));
    expect(await told(author!)).toEqual(nothing);
  });

  test('a ban by a rule is told in words, and to people of another institution, too', async () => {
    const guest = person('participant', { institution_id: randomUUID() });
    await must(post(stack.url, `${path}/gallery/post`, guest, { ...say('Who keeps the clock?'), website: 'filled' }));
    const told = async () => (await must(get(stack.url, `${path}/gallery`, guest))).banned;
    await expect
      .poll(told, wait)
      .toMatchObject({ reason: expect.stringContaining('do not see'), until: expect.any(String) });
  });

  test('no name is shown anywhere where the institution shows none, also of what was said before', async () => {
    const others = cast();
    const opened = await openSession(stack.url, others, { visibility: 'public', start: false });
    const changes = { gallery: 'breaks', gallery_moderation: 'after' };
    await must(post(stack.url, `/api/assignment/${opened.assignment_id}/update`, others.admin, changes));
    const names = async (shown: boolean) =>
      must(
        post(stack.url, `/api/institution/${others.institution_id}/settings`, others.admin, { gallery_names: shown }),
      );
    const speak = async (name: string, headers = {}) => {
      const author = person('participant', { institution_id: others.institution_id, claims: { name } });
      return must(post(stack.url, `${opened.path}/gallery/post`, author, say('Who reads this out?'), headers));
    };
    const shownTo = async (who: Person | null) => {
      const parts = who === others.admin ? ['', '/export'] : [''];
      const pages = await Promise.all(parts.map((part) => must(get(stack.url, `${opened.path}/gallery${part}`, who))));
      return pages.flatMap(({ items }) => items.map(({ author }: Json) => author));
    };
    const listening = { token: others.student.token, session_id: opened.session_id, namespace: '/gallery' } as const;
    const listener = await listenOnWebSocket(stack.relayUrl, listening);
    expect((await speak('Ada Petrova')).result.author).toBe('Ada Petrova');
    await names(false);
    const key = { 'idempotency-key': randomUUID() };
    expect((await speak('Rui Santos', key)).result.author).toBe('Spectator 2');
    for (const who of [null, others.student]) expect(await shownTo(who)).toEqual(['Spectator 1', 'Spectator 2']);
    expect(new Set(await shownTo(others.admin))).toEqual(new Set(['Spectator 1', 'Spectator 2']));
    await listener.until(({ author }) => author === 'Spectator 2');
    await names(true);
    // What nobody was to be told was not recorded.
    expect(await shownTo(null)).toEqual(['Ada Petrova', 'Spectator 2']);
    await listener.until(({ author }) => author === 'Ada Petrova');
    listener.close();
    await expectIntact(stack.url, opened.session_id, others.admin);
  });

  test('what a host bans, the guard carries out', async () => {
    const author = visitor();
    const { body } = await author('post', say('Down with the bench!'));
    const banning = { message_id: body.result.id, reason: 'Enough.', hours: 2 };
    await must(post(stack.url, `${path}/gallery/ban`, people.admin, banning));
    await expect
      .poll(async () => bansOf('person'), wait)
      .toContainEqual(expect.objectContaining({ reason: 'Enough.', review: false }));
  });

  test('the record of court and gallery verifies', () =>
    expectIntact(stack.url, path.split('/').at(-1)!, people.admin));
});
