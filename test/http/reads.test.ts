/** What every read answers, key by key: absent values are null and never left out. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { assignmentBody, cast, get, type Json, must, openSession, type Person, post } from '../support/client.ts';
import { HASH, type Hearing, holdHearing, INSTANT, UUID } from '../support/readOnlySession.ts';
import { isLeftOut, type Stack, startStack } from '../support/stack.ts';
import { expectIntact } from '../support/verdict.ts';

describe.skipIf(isLeftOut)('reading', () => {
  let stack: Stack;
  let people: Hearing['people'];
  let session: Hearing['session'];
  let url: Hearing['url'];
  let read: Hearing['read'];

  beforeAll(async () => {
    stack = await startStack();
    ({ people, session, url, read } = await holdHearing(stack));
  });

  afterAll(async () => {
    await expectIntact(stack.url, session.session_id, people.admin);
    await stack.stop();
  });

  const seat = ({ id, name }: Person) => ({ user_id: id, name });

  describe('an assignment', () => {
    test('shows its roster, its session and everything it was created with', async () => {
      expect(await read(`/api/assignment/${session.assignment_id}`)).toEqual({
        ...{ id: session.assignment_id, institution_id: people.institution_id, session_id: session.session_id },
        ...{
          title: 'Meridian v. Harbour Authority',
          courtroom: 'Courtroom 1',
          scheduled_at: '2026-11-21T10:00:00.000Z',
        },
        ...{ petitioner: [seat(people.petitioner)], respondent: [seat(people.respondent)] },
        panel: [
          { ...seat(people.presiding), presiding: true },
          { ...seat(people.judge), presiding: false },
        ],
        ...{ moderators: [seat(people.bailiff)], visibility: 'institution', format: 'moot-20', created_at: INSTANT },
        ...{ cancelled_at: null, cancel_reason: null, moderators_run: false, gallery: 'off' },
        gallery_moderation: 'after',
      });
    });

    test('has no session before one is created, and then is answered as it was', async () => {
      const own = cast();
      const { path, assignment_id } = await openSession(url(), own, { start: false });
      const { body } = await get(url(), `/api/command/${assignment_id}`, own.admin);
      expect(body.result).toMatchObject({ id: assignment_id, session_id: null });
      const { warnings: _, ...made } = body.result;
      expect(await read(`/api/assignment/${assignment_id}`, own.admin)).toEqual({
        ...made,
        session_id: path.split('/').at(-1),
      });
    });
  });

  describe('a session', () => {
    test('shows its state, its head, and what it does not have yet as null', async () => {
      expect(await read(session.path)).toEqual({
        ...{ id: session.session_id, assignment_id: session.assignment_id, institution_id: people.institution_id },
        ...{ title: 'Meridian v. Harbour Authority', courtroom: 'Courtroom 1', visibility: 'institution' },
        ...{ status: 'active', created_at: INSTANT, started_at: INSTANT, ended_at: null, recording_url: null },
        ...{ metadata: {}, integrity_hash: null, participants_count: 2 },
        integrity_last_checked_at: expect.toBeOneOf([null, INSTANT]),
        ...{ head: { event_sequence: 8, event_hash: HASH }, turn: null, clock: null },
      });
    });

    test('is found by its id in capitals, too', async () => {
      expect(await read(`/api/session/${session.session_id.toUpperCase()}`)).toMatchObject({ id: session.session_id });
    });

    test('is the result of every command that changes it', async () => {
      const own = cast();
      const { path } = await openSession(url(), own, { start: false });
      for (const verb of ['start', 'pause', 'resume', 'complete']) {
        const { result } = await must(post(url(), `${path}/${verb}`, own.admin));
        expect(result).toEqual(await read(path, own.admin));
      }
      const { integrity_hash, head, ended_at, status } = await read(path, own.admin);
      expect({ integrity_hash, ended_at, status }).toEqual({
        integrity_hash: head.event_hash,
        ended_at: INSTANT,
        status: 'completed',
      });
    });
  });

  test('what the record can hold comes back as it was sent', async () => {
    const own = cast();
    const free = `{"1":1.0,"10":1e2,"2":-0,"":[{},[],null,true],"constructor":{"toString":9007199254740991},
      "a/b~c":"\\ud83d\\ude00 Größe \\u2028 \\u001f","hasOwnProperty":-9007199254740991,"prototype":""}`;
    const asParsed = { ...JSON.parse(free), 2: 0 };
    const { result } = await must(post(url(), '/api/assignment/create', own.admin, assignmentBody(own)));
    const body = `{"assignment_id":"${result.id}","metadata":${free}}`;
    const { result: opened } = await must(post(url(), '/api/session/create', own.admin, body));
    const path = `/api/session/${opened.id}`;
    await must(post(url(), `${path}/join`, own.petitioner, `{"role":"petitioner","client_info":${free}}`));
    await must(post(url(), `${path}/log`, own.admin, `{"event_type":"NOTE","details":${free}}`));
    expect((await read(path, own.admin)).metadata).toEqual(asParsed);
    expect(opened.metadata).toEqual(asParsed);
    const { logs } = await read(`${path}/logs`, own.admin);
    expect([logs[0].payload.metadata, logs[2].payload]).toEqual([asParsed, asParsed]);
    await expectIntact(url(), opened.id, own.admin);
  });

  test('participants stand in order of joining, with what became of them', async () => {
    const { items, next_cursor } = await read(`${session.path}/participants`);
    expect(next_cursor).toBeNull();
    const common = { id: UUID, status: 'connected', joined_at: INSTANT, left_at: null };
    expect(items).toEqual([
      { ...common, user_id: people.petitioner.id, name: 'Ada Petrova', role: 'petitioner', connection_count: 2 },
      { ...common, user_id: people.presiding.id, name: 'Judge Okafor', role: 'judge', connection_count: 1 },
    ]);
    const pages = await allPages(`${session.path}/participants`, 1);
    expect(pages).toEqual(items);
  });

  /** Everything in a list, a few at a time. */
  async function allPages(path: string, limit: number, who = people.admin): Promise<Json[]> {
    const items: Json[] = [];
    let cursor = '';
    do {
      const page = await read(`${path}?limit=${limit}${cursor && `&cursor=${cursor}`}`, who);
      expect(page.items.length).toBeLessThanOrEqual(limit);
      items.push(...page.items);
      cursor = page.next_cursor;
    } while (cursor);
    return items;
  }

  describe('a list', () => {
    test('of assignments, in pages, is whole and has nothing twice', async () => {
      const own = cast();
      const made: string[] = [];
      for (let i = 0; i < 5; i++) made.push((await openSession(url(), own, { start: false })).assignment_id);
      for (const limit of [1, 2, 5, 200]) {
        const items = await allPages('/api/assignment/list', limit, own.admin);
        expect(items.map(({ id }) => id)).toEqual(made);
      }
      expect((await read('/api/assignment/list?limit=5', own.admin)).next_cursor).toBeNull();
      const [first] = await allPages('/api/assignment/list', 200, own.admin);
      expect(first).toEqual(await read(`/api/assignment/${first!.id}`, own.admin));
    });

    test('of active sessions has those that are active now, by the time they were started', async () => {
      const own = cast();
      const open = () => openSession(url(), own, { start: false });
      const [pending, first, paused, second, completed] = [
        await open(),
        await open(),
        await open(),
        await open(),
        await open(),
      ];
      for (const { path } of [second, first, paused, completed]) await must(post(url(), `${path}/start`, own.admin));
      await must(post(url(), `${paused.path}/pause`, own.admin));
      await must(post(url(), `${completed.path}/complete`, own.admin));
      expect(pending).toBeDefined();
      for (const limit of [1, 50]) {
        const items = await allPages('/api/session/active/list', limit, own.admin);
        expect(items.map(({ id }) => id)).toEqual([second.session_id, first.session_id]);
        expect(items[0]).toEqual(await read(second.path, own.admin));
      }
    });

    test.each(['/api/assignment/list', '/api/session/active/list', '/participants'])(
      '%s refuses what it does not know',
      async (path) => {
        const list = path.startsWith('/api') ? path : session.path + path;
        const forged = (key: unknown) => Buffer.from(JSON.stringify(key)).toString('base64url');
        const asks = {
          limit: ['0', '201', '-1', '1.5', 'x', '', '1&limit=2'],
          cursor: [
            'x',
            '%00',
            forged([]),
            forged(['x']),
            forged(['0000-01-01T00:00:00Z', randomUUID()]),
            forged([1, 2]),
            forged(null),
          ],
          offset: ['1'],
        };
        for (const [name, values] of Object.entries(asks)) {
          for (const value of values) {
            const { status, body } = await get(url(), `${list}?${name}=${value}`, people.admin);
            expect({ value, status, at: body.errors?.[0].pointer }).toEqual({ value, status: 422, at: `/${name}` });
          }
        }
      },
    );
  });

  test('the verdict on a session names what was checked', async () => {
    const { head } = await read(session.path);
    expect(await read(`${session.path}/verify`)).toEqual({
      ...{ session_id: session.session_id, is_valid: true, events_checked: 8, invalid_sequences: [], issues: [] },
      ...{ head, message: expect.stringContaining('8') },
    });
  });
});
