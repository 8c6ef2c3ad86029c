/** The watch of presence: what it sends, how often, and what it leaves alone. The database's clock is moved; leases are real. */
import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { createPresenceWatch, type PresenceWatch } from '../../jobs/court/watchPresence.ts';
import { readAttendance } from '../../src/court/participants/readAttendance.ts';
import { createInProcessPresence } from '../../src/infra/presence/inProcess.ts';
import { PRESENCE } from '../../src/infra/presence/presence.ts';
import { catalog } from '../../src/modules.ts';
import { people } from '../integrity/recordFixture.ts';
import { openWorkbench, type Workbench } from '../support/jobTools.ts';
import { isLeftOut } from '../support/stack.ts';

const RELAY = randomUUID();

describe.skipIf(isLeftOut)('the watch of presence', () => {
  let bench: Workbench;
  let watch: PresenceWatch;

  beforeAll(async () => {
    bench = await openWorkbench();
    watch = watchWith();
  });
  afterAll(() => bench?.close());

  const watchWith = (judgeAfterMs = 0, pool: pg.Pool = bench.tools.pool) =>
    createPresenceWatch({ backbone: bench.backbone, pool, catalog, send: bench.tools.send, judgeAfterMs });
  const presence = () => bench.backbone.presence;

  /** A session that these have joined. */
  async function open(...who: string[]): Promise<string> {
    const session_id = await bench.court.session(await bench.court.assignment());
    await bench.court.send(['session.start', { session_id }]);
    for (const role of who) {
      const actor = { id: people[role as keyof typeof people], role: 'participant' as const };
      await bench.court.send(['session.join', { session_id, role }, actor]);
    }
    return session_id;
  }

  const seat = (session_id: string, role: 'petitioner' | 'respondent' = 'petitioner') => ({
    session_id,
    user_id: people[role],
  });

  async function typesOf(session_id: string): Promise<string[]> {
    const text = `select event_type from events where stream = $1 and event_type like 'PARTICIPANT%' order by sequence`;
    const { rows } = await bench.database.pool.query(text, [`session:${session_id}`]);
    return rows.map(({ event_type }) => event_type.replace('PARTICIPANT_', ''));
  }

  /** Looks until nobody's coming or going is left to be told. */
  async function lookAtAll(by = watch): Promise<void> {
    await vi.waitFor(
      async () => {
        await by.poll();
        expect(await typesOf(last.session_id)).toEqual(last.types);
      },
      { timeout: 25_000, interval: 20 },
    );
  }
  let last = { session_id: '', types: [] as string[] };
  const expectEvents = (session_id: string, ...types: string[]) => {
    last = { session_id, types };
    return lookAtAll();
  };

  async function come(session_id: string, role?: 'petitioner' | 'respondent'): Promise<void> {
    await presence().hold(RELAY, [seat(session_id, role)]);
    await watch.poll();
  }
  const go = (session_id: string, role?: 'petitioner' | 'respondent') =>
    presence().release(RELAY, [seat(session_id, role)]);

  test('who never opened a socket is left alone, for however long', async () => {
    await bench.hoursAgo(5);
    const session_id = await open('petitioner');
    await bench.hoursAgo(0);
    await watch.poll();
    expect(await typesOf(session_id)).toEqual(['JOINED']);
  });

  test('gone, given up after half a minute, and back later: each once, however many look', async () => {
    await bench.hoursAgo(1);
    const session_id = await open('petitioner');
    await come(session_id);
    await go(session_id);
    const other = watchWith();
    await expectEvents(session_id, 'JOINED', 'RECONNECTING');
    await Promise.all([watch.poll(), other.poll()]);
    expect(await typesOf(session_id)).toEqual(['JOINED', 'RECONNECTING']);
    await bench.hoursAgo(0);
    await Promise.all([watch.poll(), other.poll()]);
    await Promise.all([watch.poll(), other.poll()]);
    expect(await typesOf(session_id)).toEqual(['JOINED', 'RECONNECTING', 'LOST']);
    await come(session_id);
    await Promise.all([watch.poll(), other.poll()]);
    expect(await typesOf(session_id)).toEqual(['JOINED', 'RECONNECTING', 'LOST', 'RECONNECTED']);
    await go(session_id);
    await expectEvents(session_id, 'JOINED', 'RECONNECTING', 'LOST', 'RECONNECTED', 'RECONNECTING');
    const { rows } = await bench.database.pool.query(
      `select count(*)::int from commands where name like 'participant.%' and stream = $1`,
      [`session:${session_id}`],
    );
    expect(rows).toEqual([{ count: 4 }]);

    const whole = await readAttendance(bench.tools.pool, session_id);
    expect(whole!.attendance).toMatchObject([
      { user_id: people.petitioner, periods: [{ out: expect.any(String) }, { out: null }] },
      { user_id: people.respondent, periods: [] },
      { user_id: people.judge },
      { user_id: people.bailiff },
    ]);
    for (const page of [1, 2, 5]) {
      const paged = await readAttendance(bench.tools.pool, session_id, page);
      const periodsOf = (report: typeof whole) =>
        (report!.attendance as { periods: object }[]).map((one) => one.periods);
      expect(periodsOf(paged)).toEqual(periodsOf(whole));
    }
  });

  test('whose socket came back while a command was under way is not given up', async () => {
    await bench.hoursAgo(1);
    const session_id = await open('petitioner');
    await come(session_id);
    await go(session_id);
    await expectEvents(session_id, 'JOINED', 'RECONNECTING');
    await presence().hold(RELAY, [seat(session_id)]);
    await presence().acknowledge([{ ...seat(session_id), is_present: true }]);
    await bench.hoursAgo(0);
    await watch.poll();
    expect(await typesOf(session_id)).toEqual(['JOINED', 'RECONNECTING', 'RECONNECTED']);
  });

  test('nobody is given up by who has only just begun to look', async () => {
    await bench.hoursAgo(1);
    const session_id = await open('petitioner');
    await come(session_id);
    await go(session_id);
    await expectEvents(session_id, 'JOINED', 'RECONNECTING');
    await bench.hoursAgo(0);
    await watchWith(60_000).poll();
    expect(await typesOf(session_id)).toEqual(['JOINED', 'RECONNECTING']);
    await watch.poll();
    expect(await typesOf(session_id)).toEqual(['JOINED', 'RECONNECTING', 'LOST']);
  });

  test('whoever cannot reach Postgres tells of nothing as settled', async () => {
    const session_id = await open('petitioner');
    await come(session_id);
    await go(session_id);
    const away = { query: () => Promise.reject(new Error('connection refused')) } as unknown as pg.Pool;
    await vi.waitFor(() => expect(watchWith(0, away).poll()).rejects.toThrow('refused'), { timeout: 25_000 });
    await expectEvents(session_id, 'JOINED', 'RECONNECTING');
  });

  test('people who are on a roster but never joined, and those of a completed session, send nothing', async () => {
    const session_id = await open('petitioner');
    await come(session_id);
    await come(session_id, 'respondent');
    await bench.court.send(['session.complete', { session_id }]);
    await go(session_id);
    await go(session_id, 'respondent');
    const both = [seat(session_id), seat(session_id, 'respondent')].map((one) => ({ ...one, is_present: false }));
    // Those of one millisecond come in any order.
    const byPerson = async () => (await presence().changed(10)).toSorted((a, b) => (a.user_id < b.user_id ? -1 : 1));
    const expected = both.toSorted((a, b) => (a.user_id < b.user_id ? -1 : 1));
    await vi.waitFor(async () => expect(await byPerson()).toEqual(expected), 25_000);
    await watch.poll();
    expect(await presence().changed(10)).toEqual([]);
    const text = `select from commands where name like 'participant.%' and stream = $1`;
    expect((await bench.database.pool.query(text, [`session:${session_id}`])).rows).toEqual([]);
    expect(await typesOf(session_id)).toEqual(['JOINED']);
  });

  /** Looks for the missing each time; with `forgetful`, as after a restart: no lease is known, nor that there was one. */
  const seeking = (forgetful = false) =>
    createPresenceWatch({
      backbone: { ...bench.backbone, ...(forgetful && { presence: createInProcessPresence(PRESENCE) }) },
      ...{ pool: bench.tools.pool, catalog, send: bench.tools.send, judgeAfterMs: 0, seekEveryMs: 0 },
    });
  /** The last socket is gone for good, and that was told. */
  async function goUnnoticed(session_id: string): Promise<void> {
    await go(session_id);
    const gone = { ...seat(session_id), is_present: false };
    await vi.waitFor(async () => expect(await presence().changed(10)).toContainEqual(gone), 25_000);
    await watch.poll();
    expect(await presence().changed(10)).toEqual([]);
  }

  test('whose lease was forgotten while they went is missed, and not who never had one', async () => {
    await bench.hoursAgo(1);
    const session_id = await open('petitioner', 'respondent');
    await come(session_id);
    const restarted = seeking(true);
    await restarted.poll();
    expect(await typesOf(session_id)).toEqual(['JOINED', 'JOINED']);
    await restarted.poll();
    expect(await typesOf(session_id)).toEqual(['JOINED', 'JOINED', 'RECONNECTING']);
    await bench.hoursAgo(0);
    for (let i = 0; i < 3; i++) await restarted.poll();
    expect(await typesOf(session_id)).toEqual(['JOINED', 'JOINED', 'RECONNECTING', 'LOST']);
    const { rows } = await bench.database.pool.query(
      'select user_id, status from session_participations where session_id = $1 order by joined_at, id',
      [session_id],
    );
    expect(rows).toEqual([
      { user_id: people.petitioner, status: 'disconnected' },
      { user_id: people.respondent, status: 'connected' },
    ]);
    await go(session_id);
  });

  test('whose lease was forgotten and said again is not missed', async () => {
    const session_id = await open('petitioner');
    await come(session_id);
    const wiped = createInProcessPresence(PRESENCE);
    const looking = createPresenceWatch({
      backbone: { ...bench.backbone, presence: wiped },
      ...{ pool: bench.tools.pool, catalog, send: bench.tools.send, judgeAfterMs: 0, seekEveryMs: 0 },
    });
    await looking.poll();
    await wiped.hold(RELAY, [seat(session_id)]);
    for (let i = 0; i < 3; i++) await looking.poll();
    expect(await typesOf(session_id)).toEqual(['JOINED']);
    await go(session_id);
  });

  test('who went while their coming back, or their joining, was under way is missed', async () => {
    await bench.hoursAgo(1);
    const back = await open('petitioner');
    await come(back);
    await go(back);
    await expectEvents(back, 'JOINED', 'RECONNECTING');
    await presence().hold(RELAY, [seat(back)]);
    await goUnnoticed(back);
    const input = seat(back);
    await bench.tools.send({ name: 'participant.reconnect', input: { ...input }, key: `crossed ${back}` });

    const joining = await open();
    await come(joining);
    await goUnnoticed(joining);
    await bench.court.send([
      'session.join',
      { session_id: joining, role: 'petitioner' },
      { id: people.petitioner, role: 'participant' },
    ]);

    const seeker = seeking();
    for (let i = 0; i < 2; i++) await seeker.poll();
    expect(await typesOf(back)).toEqual(['JOINED', 'RECONNECTING', 'RECONNECTED', 'RECONNECTING']);
    expect(await typesOf(joining)).toEqual(['JOINED', 'RECONNECTING']);
  });

  test('while nobody comes or goes Postgres is not asked', async () => {
    const asked = vi.fn();
    const { pool } = bench.tools;
    const counting = {
      query: (statement: { name: string }) => {
        asked(statement.name);
        return pool.query(statement as never);
      },
    } as unknown as pg.Pool;
    await bench.database.pool.query(`update session_participations p set status = 'disconnected'
      from courtroom_sessions s where s.id = p.session_id and s.status = 'active'`);
    await vi.waitFor(async () => {
      await watch.poll();
      expect(await presence().changed(10)).toEqual([]);
    }, 25_000);
    const quiet = watchWith(0, counting);
    for (let i = 0; i < 10; i++) await quiet.poll();
    expect(asked.mock.calls).toEqual([['presence-connected'], ['presence-awaited']]);
    await bench.database.pool.query(`update session_participations p set status = 'connected'
      from courtroom_sessions s where s.id = p.session_id and s.status = 'active'`);
  });
});
