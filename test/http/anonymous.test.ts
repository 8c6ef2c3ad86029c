/**
 * Reading without a token: of a public session what the list here names, as a stranger with a token is shown it; of
 * everything else 401, whether it exists or not.
 */
import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { routes } from '../../src/http/routes.ts';
import { queries } from '../../src/queries.ts';
import {
  type Answer,
  type Cast,
  cast,
  get,
  type Json,
  must,
  openSession,
  person,
  post,
  send,
} from '../support/client.ts';
import { anotherPdf, FORM, field, file, filesIn, formOf } from '../support/exhibits.ts';
import { isLeftOut, type Stack, startStack } from '../support/stack.ts';
import { expectIntact } from '../support/verdict.ts';

/** All that is public once visibility is. */
const PUBLIC = [
  ...['session.get', 'session.participants', 'session.logs', 'session.replay', 'session.verify', 'session.attendance'],
  ...['session.turns', 'session.objections', 'session.exhibits', 'exhibit.get', 'session.presence', 'session.bundle'],
  ...['session.head', 'gallery.list'],
];
/** Of a gallery that their query names. */
const OF_GALLERIES = ['gallery.cooldown', 'gallery.cooldownAlias', 'gallery.listAlias'];
/** Of the log, which says nothing of any session. */
const OF_THE_LOG = [
  ...['integrity.keys', 'integrity.checkpoint', 'integrity.checkpointOfSize', 'integrity.checkpoints'],
  ...['integrity.tile', 'integrity.consistency'],
];
/** Opened by what is in the link itself: test/http/boards.test.ts, test/http/feedInvites.test.ts. */
const OF_LINKS = ['board.open', 'calendar.read', 'feed.followInvite'];
/** States and counts. */
const OF_ALL = ['status.read'];
/** Names its stream in its query. */
const INCLUSION = 'integrity.inclusion';
/** Everything that can be read. */
const READS = [...queries, ...routes.filter(({ route }) => route.startsWith('GET'))];
const NOT_OF_SESSIONS = [...OF_THE_LOG, ...OF_GALLERIES, ...OF_ALL, INCLUSION];
const OF_SESSIONS = READS.filter(({ name }) => !NOT_OF_SESSIONS.includes(name));
/** Stream, sequence and hash of a head's note. */
const headOf = (note: string) => note.split('\n').slice(1, 4);
const stranger = person('participant', { institution_id: randomUUID() });

interface Place {
  session_id: string;
  assignment_id: string;
  path: string;
  /** In evidence. */
  exhibit_id: string;
  /** Tendered, and never ruled on. */
  unruled_id: string;
}

describe.skipIf(isLeftOut)('without a token', () => {
  let stack: Stack;
  let people: Cast;
  const places: Record<string, Place> = {};

  beforeAll(async () => {
    stack = await startStack({ FEATURE_SESSION_RECORDING: 'true' });
    people = cast();
    for (const visibility of ['public', 'institution', 'private']) places[visibility] = await play(visibility);
  }, 120_000);

  afterAll(() => stack.stop());

  /** A completed session with something of everything. */
  async function play(visibility: string): Promise<Place> {
    const opened = await openSession(stack.url, people, { visibility, gallery: 'always' });
    const { path } = opened;
    const act = async (verb: string, body: Json, who = people.presiding) =>
      (await must(post(stack.url, `${path}/${verb}`, who, body))).result;
    await act('join', { role: 'petitioner', client_info: { phone: 'mine' } }, people.petitioner);
    const [exhibit_id, unruled_id] = [await upload(path), await upload(path)];
    for (const id of [exhibit_id, unruled_id]) await act('exhibit/mark', { exhibit_id: id }, people.bailiff);
    const { items } = await must(get(stack.url, `${path}/turns`, people.admin));
    const turn_id = items[0].id as string;
    await act('turn/start', { turn_id, speaker_id: people.petitioner.id });
    const objecting = { turn_id, ground: 'procedural', reason: 'Not so fast.' };
    const { id: objection_id } = await act('objection/raise', objecting, people.respondent);
    await act('objection/rule', { objection_id, decision: 'overruled', ruling: 'Go on.' });
    for (const id of [exhibit_id, unruled_id]) await act('exhibit/tender', { exhibit_id: id }, people.petitioner);
    await act('exhibit/rule', { exhibit_id, decision: 'admitted' });
    await act('violation/record', { turn_id, user_id: people.petitioner.id, kind: 'late', description: 'Late.' });
    await act('turn/end', { turn_id });
    await act('complete', { skip_turns: true });
    await act('recording', { url: 'https://recordings.example/r/1' });
    return { ...opened, exhibit_id, unruled_id };
  }

  async function upload(path: string): Promise<string> {
    const form = formOf(field('title', 'The charter party'), field('side', 'petitioner'), file(anotherPdf()));
    const who = person('super_admin');
    return (await must(post(stack.url, `${path}/exhibit/upload`, who, form, { 'content-type': FORM }))).result.id;
  }

  const filled = (route: string, ids: Json) =>
    route.replace('GET ', '').replaceAll(/:(\w+)/g, (_, name: string) => ids[name] ?? ids.session_id);
  const ask = (path: string, who = null as typeof stranger | null, headers = {}) => get(stack.url, path, who, headers);
  /** The answer without what names the request. */
  const shown = ({ status, headers, body }: Answer) => ({
    status,
    headers: [...headers].filter(([name]) => !['date', 'x-request-id', 'content-length'].includes(name)),
    body: { ...body, instance: undefined, request_id: undefined },
  });
  /** Unlike `fetch`, which says with such a header that no cache shall answer. */
  const statusOf = (path: string, version: string) =>
    new Promise((resolve, reject) => {
      const asking = request(stack.url + path, { headers: { 'if-none-match': version } }, (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      });
      asking.on('error', reject).end();
    });
  const unauthenticated = { status: 401, body: { code: 'unauthenticated' } };

  test('the questions that say on their face that they are public are those of the contract, and each has a target', () => {
    const open = READS.filter(({ roles }) => roles === 'anyone');
    expect(open.map(({ name }) => name).sort()).toEqual([...PUBLIC, ...OF_LINKS, ...NOT_OF_SESSIONS].sort());
    const targets = queries.filter(({ roles }) => roles === 'anyone');
    for (const { target } of targets) expect(target({ session_id: 'a', exhibit_id: 'b' })).not.toBeNull();
  });

  test.each(OF_SESSIONS.map((query) => [query.name, query] as const))('%s', async (name, { route }) => {
    const place = places.public!;
    const answer = await ask(filled(route, place));
    if (!PUBLIC.includes(name)) {
      expect(answer).toMatchObject(unauthenticated);
      return;
    }
    const told = await ask(filled(route, place), stranger);
    expect(told.status).toBe(200);
    // A zip, which has the files besides: test/http/bundle.test.ts.
    if (name === 'session.bundle') return;
    if (name === 'session.exhibits')
      told.body.items = told.body.items.filter(({ state }: Json) => state === 'admitted');
    if (name === 'session.verify') told.body.message += ' Its files were not opened.';
    // Each is signed with the time at which it was asked for.
    if (name === 'session.head') for (const one of [told, answer]) one.body = { head: headOf(one.body.text) };
    if (name === 'session.presence') told.body.as_of = answer.body.as_of;
    expect(shown(answer)).toEqual(shown(told));
    expect(answer.headers.get('cache-control')).toBe('no-store');
  });

  test.each(['institution', 'private'])('nothing is told of what is %s, and not that it exists', async (visibility) => {
    const invented = { session_id: randomUUID(), assignment_id: randomUUID(), exhibit_id: randomUUID() };
    const proofOf = ({ session_id }: Json) =>
      `/integrity/proof/inclusion?stream=session:${session_id}&event_sequence=1`;
    const asked = OF_SESSIONS.flatMap(({ route }) =>
      ['', '?nonsense=1'].map((query) => (ids: Json) => filled(route, ids) + query),
    );
    for (const path of [...asked, proofOf]) {
      const real = await ask(path(places[visibility]!));
      expect(real).toMatchObject(unauthenticated);
      expect(shown(real)).toEqual(shown(await ask(path(invented))));
    }
  });

  test('exhibits are shown once they are in evidence, and no file is handed out', async () => {
    const { path, exhibit_id, unruled_id } = places.public!;
    const { items } = await must(ask(`${path}/exhibits`));
    expect(items.map(({ id }: Json) => id)).toEqual([exhibit_id]);
    const closed = [`${unruled_id}`, `${exhibit_id}/download`, `${exhibit_id}/verify`, randomUUID(), 'none'];
    for (const rest of closed) expect(await ask(`${path}/exhibit/${rest}`)).toMatchObject(unauthenticated);
    for (const rest of closed.slice(0, 1)) expect((await ask(`${path}/exhibit/${rest}`, stranger)).status).toBe(200);
  });

  test('to verify opens no file, and says so', async () => {
    const kept = new Set(filesIn(stack.blobFolder));
    const { path } = await play('public');
    for (const name of filesIn(stack.blobFolder)) if (!kept.has(name)) rmSync(join(stack.blobFolder, name));
    expect((await must(ask(`${path}/verify`, stranger))).is_valid).toBe(false);
    const report = await must(ask(`${path}/verify`));
    expect(report).toMatchObject({ is_valid: true, issues: [] });
    expect(report.message).toMatch(/every hash, link and row agrees\. Its files were not opened\.$/);
  });

  test('a token that is not good is refused, and is not taken for none', async () => {
    const { path } = places.public!;
    const observed = await must(
      post(stack.url, `${(await openSession(stack.url, people, { visibility: 'public' })).path}/observe`, null),
    );
    for (const token of ['none', `${stranger.token}x`, observed.result.ticket]) {
      expect(await ask(path, { ...stranger, token })).toMatchObject(unauthenticated);
    }
    expect(await ask(path, null, { authorization: 'Basic YTpi' })).toMatchObject(unauthenticated);
  });

  test('HEAD, a known version, a page that a token began, and a query that is wrong are as they are with a token', async () => {
    const { path } = places.public!;
    const headOf = (of: string) => fetch(stack.url + of, { method: 'HEAD' });
    const head = await headOf(path);
    const version = head.headers.get('etag')!;
    expect([head.status, await head.text(), version]).toEqual([200, '', expect.stringMatching(/^"\d+"$/)]);
    expect(await statusOf(path, version)).toBe(304);
    expect((await headOf(places.private!.path)).status).toBe(401);
    const first = await must(ask(`${path}/turns?limit=1`, stranger));
    const next = await must(ask(`${path}/turns?limit=1&cursor=${first.next_cursor}`));
    expect(next.items[0].order_index).toBe(2);
    expect(await ask(`${path}/turns?limit=0x10`)).toMatchObject({ status: 422, body: { code: 'validation_failed' } });
    expect((await send(stack.url, 'POST', path, null)).status).toBe(405);
  });

  test('of a session that is made private in between nothing more is told', async () => {
    const { session_id, assignment_id, path } = await openSession(stack.url, people, { visibility: 'public' });
    const urls = stack.apis.map((url) => url + path);
    for (const url of urls) expect((await get(url, '', null)).status).toBe(200);
    await stack.pool.query(`update assignments set visibility = 'private' where id = $1`, [assignment_id]);
    await stack.pool.query(`update courtroom_sessions set visibility = 'private' where id = $1`, [session_id]);
    for (const url of urls) {
      expect((await get(url, '', null)).status).toBe(401);
      expect((await get(url, '/turns', null)).body.items ?? []).toEqual([]);
      await expect.poll(async () => (await get(url, '/turns', null)).status, { timeout: 25_000 }).toBe(401);
    }
  });

  test('an address has one verification at a time, and takes nothing from a person with a token', async () => {
    const [one, other] = [await openSession(stack.url, people, { visibility: 'public' }), places.public!];
    const client = await stack.pool.connect();
    await client.query('begin; lock table event_payloads in access exclusive mode');
    const first = ask(`${one.path}/verify`);
    await vi.waitUntil(
      async () => {
        const busy = `select 1 from pg_stat_activity where datname = current_database()
          and application_name = 'plearoll-verifier' and wait_event_type = 'Lock'`;
        return (await stack.pool.query(busy)).rows.length === 1;
      },
      { timeout: 25_000, interval: 20 },
    );
    const second = await ask(`${other.path}/verify`);
    expect(second).toMatchObject({
      status: 429,
      body: { code: 'rate_limited', limit: 'at_once', detail: expect.stringContaining('an address') },
    });
    expect(second.headers.get('retry-after')).toBe('1');
    const verifying = ask(`${other.path}/verify`, people.admin);
    await client.query('rollback');
    client.release();
    expect([(await first).status, (await verifying).status]).toEqual([200, 200]);
  });

  test('what was read is intact', () => expectIntact(stack.url, places.public!.session_id, people.admin));
});

test.skipIf(isLeftOut)('reads without a token are counted by address', async () => {
  const stack = await startStack({ RATE_LIMIT_READS_PER_MINUTE: '5' });
  try {
    const { path } = await openSession(stack.url, cast(), { visibility: 'public' });
    const statuses: number[] = [];
    for (let i = 0; i < 6; i += 1) statuses.push((await get(stack.url, `${path}/turns`, null)).status);
    expect(statuses).toEqual([200, 200, 200, 200, 200, 429]);
    const refused = await get(stack.url, path, null);
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, expect.stringMatching(/^\d+$/)]);
    expect((await get(stack.url, path, person('participant', { institution_id: randomUUID() }))).status).toBe(200);
  } finally {
    await stack.stop();
  }
});
