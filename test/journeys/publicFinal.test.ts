/**
 * A public final with an audience of fifty, three of whom abuse the gallery, each in another way: what they get, that no
 * honest person is refused anything, what hosts do about it, and that the record of court and gallery verifies before and after
 * what was said is erased.
 */
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eraseOld } from '../../jobs/gallery/eraseOld.ts';
import { createSend } from '../../jobs/send/sendCommand.ts';
import { catalog } from '../../src/modules.ts';
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
import { until } from '../support/processes.ts';
import { refusedOnSocketIo, refusedOnWebSocket } from '../support/refused.ts';
import { isLeftOut, kind, type Stack, startStack } from '../support/stack.ts';
import { expectIntact } from '../support/verdict.ts';

const wait = { timeout: 20_000 };
const namespace = '/gallery';
const SCHOOL = '192.0.2.200';

let stack: Stack;
let people: Cast;
let place: Awaited<ReturnType<typeof openSession>>;
let sent = 0;

beforeAll(async () => {
  if (isLeftOut) return;
  stack = await startStack({ GUARD_MAX_KEYS: '1000', TRUSTED_PROXIES: '127.0.0.0/8' });
  people = cast();
  place = await openSession(stack.url, people, { visibility: 'public', start: false, gallery: 'always' });
}, 120_000);
afterAll(() => stack?.stop());

/** Somebody of the audience: where the requests come from, and with what. */
interface Spectator {
  name: string;
  who: Person | null;
  headers: Record<string, string>;
  answers: Answer[];
  said?: string;
}

function spectator(name: string, who: Person | null, address: string, browser: string = randomUUID()): Spectator {
  return { name, who, headers: { 'x-forwarded-for': address, 'x-browser-fingerprint': browser }, answers: [] };
}

/** With tokens of this and other institutions; a class behind the proxy of its school; two families; and everybody alone. */
const honest: Spectator[] = [
  ...Array.from({ length: 17 }, (_, i) =>
    spectator(`member ${i}`, person('participant', { institution_id: randomUUID() }), `198.51.100.${i}`),
  ),
  ...Array.from({ length: 15 }, (_, i) => spectator(`pupil ${i}`, null, SCHOOL)),
  ...Array.from({ length: 8 }, (_, i) => spectator(`relative ${i}`, null, `192.0.2.${100 + (i % 2)}`)),
  ...Array.from({ length: 7 }, (_, i) => spectator(`guest ${i}`, null, `192.0.2.${i + 1}`)),
];
const members = honest.filter(({ who }) => who !== null);
const flooder = spectator('flooder', null, '203.0.113.1');
/** Of the class: the others must not pay for it. */
const spammer = spectator('spammer', null, SCHOOL);
const harasser = (n: number) => spectator(`harasser ${n}`, null, '203.0.113.3', `browser ${n}`);

/** One API after the other. */
const api = () => stack.apis[sent++ % stack.apis.length]!;

async function ask(from: Spectator, part: string): Promise<Answer> {
  const answer = await get(api(), part, from.who, from.headers);
  from.answers.push(answer);
  return answer;
}

async function act(from: Spectator, verb: string, body: Json): Promise<Answer> {
  const answer = await post(api(), `${place.path}/gallery/${verb}`, from.who, body, from.headers);
  from.answers.push(answer);
  return answer;
}

async function say(from: Spectator, text: string): Promise<Answer> {
  const answer = await act(from, 'post', { text, category: 'question' });
  if (answer.status === 201) from.said = answer.body.result.id;
  return answer;
}

const host = (verb: string, body: Json, who = people.bailiff) =>
  must(post(api(), `${place.path}/gallery/${verb}`, who, body));
const texts = async (from: Spectator) =>
  (await ask(from, `${place.path}/gallery?limit=200`)).body.items.map(({ text }: Json) => text as string) as string[];
const bans = async () => (await must(get(api(), '/api/guard/bans?state=all&limit=200', people.admin))).items as Json[];
const banned = async (rule: string) => (await bans()).filter((ban) => ban.rule === rule);
const openPage = (from: Spectator) =>
  Promise.all(['', '/gallery', '/participants', '/turns'].map((part) => ask(from, `${place.path}${part}`)));

async function approveAll(): Promise<string[]> {
  const { items } = await must(get(api(), `${place.path}/gallery/held?limit=200`, people.bailiff));
  const held = items.filter(({ state }: Json) => state === 'held').map(({ id }: Json) => id as string);
  await Promise.all(held.map((message_id: string) => host('approve', { message_id })));
  return held;
}

/** Everybody on the roster, on every route and socket: as if there were no gallery. */
async function expectNothingForTheRoster(message_id: string): Promise<void> {
  const { session_id, path } = place;
  const reads = ['', '/held', '/export'].map((part) => `${path}/gallery${part}`);
  reads.push(`/api/gallery/cooldown?session_id=${session_id}`, `/messages?session_id=${session_id}`);
  const roster = [people.presiding, people.judge, people.petitioner, people.respondent, people.bailiff];
  const statuses = await Promise.all(
    roster.flatMap((who) => [
      ...reads.map(async (read) => (await get(api(), read, who)).status),
      ...['vote', 'report'].map(
        async (verb) => (await post(api(), `${path}/gallery/${verb}`, who, { message_id })).status,
      ),
    ]),
  );
  expect(statuses).toHaveLength(35);
  expect(statuses.every((status) => status === 404)).toBe(true);
  for (const { token } of roster) {
    const asked = { session_id, namespace, token } as const;
    expect(await refusedOnWebSocket(stack.relayUrl, asked)).toEqual({ status: 404, code: 'not_found' });
    expect(await refusedOnSocketIo(stack.relayUrl, asked, {}, ['websocket'])).toEqual({
      status: 404,
      code: 'not_found',
    });
  }
}

async function expectVerified(): Promise<void> {
  await expectIntact(stack.url, place.session_id, people.admin);
  const record = await must(get(stack.url, '/integrity/global-verify', person('super_admin')));
  expect(record).toMatchObject({ system_valid: true, tamper_detected: false, invalid_streams: [], guard_issues: [] });
}

/** Every table in which the words still stand. */
async function holding(words: string): Promise<string[]> {
  const { rows } = await stack.pool.query(
    `select relname from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace`,
  );
  const found: string[] = [];
  for (const { relname } of rows) {
    const held = await stack.pool.query(`select from ${relname} t where strpos(t::text, $1) > 0 limit 1`, [words]);
    if (held.rows.length > 0) found.push(relname);
  }
  return found.sort();
}

/** The job as it will run so many days from now. */
async function runRetention(days: number): Promise<Json> {
  await stack.pool.query(`
    create schema clock;
    create function clock.clock_timestamp() returns timestamptz language sql volatile as $$
      select pg_catalog.clock_timestamp() + interval '${days} days' $$`);
  const pool = new pg.Pool({
    ...{ connectionString: stack.database.url, max: 1 },
    options: '-c search_path=clock,pg_catalog,public',
  });
  pool.on('error', () => {});
  const { queues, log } = stack.backbones[0]!;
  const sending = createSend({ db: stack.pool as never, catalog, queues, log, request_id: randomUUID() });
  try {
    return await eraseOld.run({
      ...{ pool, queues, log, send: sending, slot: new Date().toISOString(), gallery_retention_ms: 48 * 3_600_000 },
      ...{ progress: async () => {}, isOver: () => false },
    } as never);
  } finally {
    await pool.end();
    await stack.pool.query('drop schema clock cascade');
  }
}

describe.skipIf(isLeftOut)(`a public final, ${kind}`, { timeout: 300_000 }, () => {
  const listeners: Listener[] = [];

  test('before it begins everybody looks in, and nobody is in anybody’s way', async () => {
    expect(honest).toHaveLength(47);
    await Promise.all(honest.map(openPage));
    const { session_id } = place;
    listeners.push(
      await listenOnWebSocket(stack.relayUrl, { token: null, session_id, namespace }),
      await listenOnSocketIo(stack.relayUrl, { token: members[0]!.who!.token, session_id, namespace }),
    );
    await Promise.all(listeners.map((listener) => listener.until(({ type }) => type === 'WELCOME')));
  });

  test('while it is active those with a token speak, and bench and counsel see nothing of it', async () => {
    await must(post(api(), `${place.path}/start`, people.presiding));
    const [asking, voting] = members as [Spectator, Spectator];
    const { body } = await say(asking, 'Does the treaty bind the harbour authority?');
    const message_id = body.result.id as string;
    await expectNothingForTheRoster(message_id);
    // A host off the roster reads what waits.
    await host('approve', { message_id }, people.admin);
    await listeners[1]!.until(({ type, id }) => type === 'MESSAGE' && id === message_id);
    expect((await act(voting, 'vote', { message_id })).status).toBe(200);
    await expectNothingForTheRoster(message_id);
    expect(await listeners[0]!.closed).toBe(4401);
    expect(listeners[0]!.messages.at(-1)).toMatchObject({ type: 'ERROR', code: 'unauthenticated' });
  });

  test('in the break all speak, and hosts let through, hide, restore and answer', async () => {
    await must(post(api(), `${place.path}/pause`, people.presiding, { reason: 'Recess' }));
    await Promise.all(honest.filter(({ said }) => !said).map((from) => say(from, `What of ${from.name}?`)));
    expect(await approveAll()).toHaveLength(46);
    await Promise.all(honest.map((from, i) => act(from, 'vote', { message_id: honest[(i + 2) % 47]!.said! })));
    const [mistaken, off] = [honest[20]!, honest[30]!];
    await host('hide', { message_id: mistaken.said!, reason: 'Off the point.' });
    await host('hide', { message_id: off.said!, reason: 'Off the point.' });
    expect(await texts(honest[0]!)).not.toContain(`What of ${mistaken.name}?`);
    expect(await texts(mistaken)).toContain(`What of ${mistaken.name}?`);
    await host('restore', { message_id: mistaken.said!, reason: 'It was not.' });
    await host('answer', { message_id: honest[5]!.said! });
    expect(await texts(honest[0]!)).toContain(`What of ${mistaken.name}?`);
    await listeners[1]!.until(({ type, id }) => type === 'RESTORED' && id === mistaken.said);
  });

  test('a flood of posts blocks where it comes from, and nobody else', async () => {
    await until('it is one too many', async () => {
      const answers = await Promise.all(Array.from({ length: 25 }, () => say(flooder, 'Me! Me again!')));
      return answers.some(({ body }) => body.limit === 'rate');
    });
    await expect.poll(() => banned('rate'), wait).toMatchObject([{ address: '203.0.113.1', key: null, review: false }]);
    for (const url of stack.apis) {
      const answer = await post(
        url,
        `${place.path}/gallery/post`,
        null,
        { text: 'And again?', category: 'comment' },
        flooder.headers,
      );
      expect(answer).toMatchObject({ status: 429, body: { code: 'rate_limited', limit: 'block' } });
    }
  });

  test('links, numbers and insults again and again shadow one browser of the class, and no other', async () => {
    for (const text of ['buy at bit.ly/abc', 'ring 079 1112 3456', 'f.u.c.k this', 'join wa.me/123']) {
      expect(await say(spammer, text)).toMatchObject({ status: 422, body: { code: 'refused_text' } });
    }
    await expect.poll(() => banned('text'), wait).toMatchObject([{ address: null, state: 'open' }]);
    expect((await say(spammer, 'Is the bench awake?')).status).toBe(201);
    const pupil = honest.find(({ name }) => name === 'pupil 3')!;
    await approveAll();
    expect(await texts(spammer)).toContain('Is the bench awake?');
    expect(await texts(pupil)).not.toContain('Is the bench awake?');
    expect((await act(pupil, 'vote', { message_id: honest[40]!.said! })).status).toBe(200);
  });

  test('a harasser is hidden by those who report, under each browser anew, and banned by a host', async () => {
    const reporters = [...members.slice(2, 5), honest.at(-1)!, honest.at(-2)!];
    for (const n of [0, 1]) {
      const insult = `The respondent looks like frog ${n}.`;
      const from = harasser(n);
      expect((await say(from, insult)).status).toBe(201);
      await approveAll();
      expect(await texts(members[9]!)).toContain(insult);
      const message_id = from.said!;
      for (const reporter of reporters.slice(0, 3))
        await act(reporter, 'report', { message_id, reason: 'Insults counsel.' });
      expect(await texts(members[9]!)).not.toContain(insult);
      expect(await texts(from)).toContain(insult);
      await expect.poll(() => banned('reports'), wait).toHaveLength(n + 1);
      for (const reporter of reporters.slice(3)) await act(reporter, 'report', { message_id });
    }
    const third = harasser(2);
    expect((await say(third, 'Counsel cannot read.')).status).toBe(201);
    await host('ban', { message_id: third.said!, reason: 'Insults counsel again.', hours: 24 });
    await expect
      .poll(() => banned('person'), wait)
      .toMatchObject([{ reason: 'Insults counsel again.', review: false }]);
    expect(await texts(members[9]!)).not.toContain('Counsel cannot read.');
  });

  test('the bans are those of three, and an admin lifts what was forgiven', async () => {
    const all = await bans();
    expect(all.map(({ rule }) => rule).sort()).toEqual(['person', 'rate', 'reports', 'reports', 'text']);
    expect(all.filter(({ review }) => review).map(({ rule }) => rule)).toEqual(['reports', 'reports']);
    const [text] = await banned('text');
    await must(post(api(), '/api/guard/unban', people.admin, { ban_id: text!.id, reason: 'Has promised to be good.' }));
    const [one] = await banned('reports');
    await must(post(api(), '/api/guard/confirm', people.admin, { ban_id: one!.id, reason: 'Seen.', hours: 48 }));
    const first = await must(get(api(), '/api/guard/bans', people.admin));
    expect(first.items[0]).toMatchObject({ rule: 'reports', review: true });
  });

  test('afterwards the bench reads the questions by their votes and answers, and the record verifies', async () => {
    await must(post(api(), `${place.path}/resume`, people.presiding));
    await expectNothingForTheRoster(honest[0]!.said!);
    await must(post(api(), `${place.path}/complete`, people.presiding, { skip_turns: true }));
    const ranked = await must(get(api(), `${place.path}/gallery?sort=votes&limit=200`, people.presiding));
    const votes = ranked.items.map(({ votes }: Json) => votes);
    expect(votes).toEqual(votes.toSorted((a: number, b: number) => b - a));
    await host('answer', { message_id: ranked.items[0].id, reason: 'From the bench.' }, people.presiding);
    await listeners[1]!.until(({ type, id, answered }) => type === 'CHANGED' && id === ranked.items[0].id && answered);
    await Promise.all(honest.map(openPage));
    await expectVerified();
  });

  test('no honest person was refused anything', () => {
    const refused = honest.flatMap(({ name, answers }) =>
      answers.filter(({ status }) => status >= 400).map(({ body }) => [name, body.code]),
    );
    expect(refused).toEqual([]);
    expect(honest.every(({ answers }) => answers.length >= 10)).toBe(true);
  });

  test('nothing tells where anybody spoke from, and in the end nothing of what was said', async () => {
    const frames = JSON.stringify(listeners.map(({ messages }) => messages));
    for (const { headers } of [...honest, spammer, harasser(0)]) {
      const address = headers['x-forwarded-for']!;
      expect(frames).not.toContain(`"${address}"`);
      expect(frames).not.toContain(headers['x-browser-fingerprint']);
    }
    expect(await holding(SCHOOL)).toEqual([]);
    expect(await holding('203.0.113.3')).toEqual([]);
    expect(await holding('What of pupil 3?')).toEqual(['event_payloads', 'gallery_messages']);
    expect(await runRetention(40)).toMatchObject({ owners: 1, is_complete: true });
    await expect.poll(() => holding('What of pupil 3?'), wait).toEqual([]);
    for (const words of ['203.0.113.1', 'Insults counsel again.'])
      await expect.poll(() => holding(words), wait).not.toContain('guard_bans');
    const { items } = await must(get(api(), `${place.path}/gallery`, people.student));
    expect(items).toEqual([]);
    expect((await bans()).map(({ key, address }) => [key, address])).toEqual(Array(5).fill([null, null]));
    await expectVerified();
    for (const listener of listeners) listener.close();
  });
});
