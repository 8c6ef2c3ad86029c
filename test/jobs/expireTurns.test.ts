/** Deadlines of turns: kept once, never early, whoever sees them, wherever they move to, and whatever stood still meanwhile. */
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { createExpirer } from '../../jobs/court/expireTurns.ts';
import { type Deadline, deadlineJobId } from '../../jobs/court/leaveDeadlines.ts';
import { createSend } from '../../jobs/send/sendCommand.ts';
import { eventId } from '../../src/core/chain/ids.ts';
import { catalog } from '../../src/modules.ts';
import { people as roster } from '../integrity/recordFixture.ts';
import { cast, get, type Json, must, openSession, post } from '../support/client.ts';
import { isEverything } from '../support/everything.ts';
import { openWorkbench } from '../support/jobTools.ts';
import { isLeftOut, kind, type Stack, startStack } from '../support/stack.ts';
import { expectIntact } from '../support/verdict.ts';

const SOON = { timeout: 25_000, interval: 20 };

/** Long enough to do something about a turn before it is over, on a busy machine, too. */
const UNDER_WAY_MS = isEverything ? 5_000 : 2_000;

/** One speech of that length. */
const oneSpeech = (allotted_ms: number, on_expiry: 'end' | 'stop_card') => ({
  ...{ name: 'One speech', segments: [{ side: 'petitioner', kind: 'argument', allotted_ms, objections: true }] },
  ...{ on_expiry, grounds: 'points' },
});

describe.skipIf(isLeftOut)(`deadlines, ${kind}`, () => {
  let stack: Stack;

  beforeAll(async () => {
    stack = await startStack();
  });

  afterAll(() => stack.stop());

  /** A session with a turn of it to hold: the first, or one that is planned. */
  async function open(format: unknown, planned?: Json) {
    const people = cast();
    const { session_id, path } = await openSession(stack.url, people, { format });
    const act = async (verb: string, body: Json = {}) =>
      (await must(post(stack.url, `${path}/${verb}`, people.presiding, body))).result as Json;
    const read = (part: string) => must(get(stack.url, `${path}${part}`, people.admin));
    const { items } = await read('/turns');
    if (planned && items[0].min_ms > 0) await act('turn/plan', { turn_id: items[0].id, allotted_ms: items[0].min_ms });
    const { id: turn_id } = planned ? await act('turn/plan', planned) : items[0];

    async function start(): Promise<Deadline> {
      const { clock } = await act('turn/start', { turn_id, speaker_id: people.petitioner.id });
      return { session_id, turn_id, deadline: clock.deadline };
    }

    const turn = async (): Promise<Json> => (await read('/turns')).items.find(({ id }: Json) => id === turn_id);
    const expiries = async (): Promise<Json[]> =>
      (await read('/logs')).logs.filter(({ event_type }: Json) => event_type === 'TURN_EXPIRED');
    const untilExpired = () => vi.waitFor(async () => expect(await expiries()).not.toEqual([]), SOON);

    /** It was flagged once, by the system, at that deadline and not before; and the record says so. */
    async function expectOnce(deadline: string, ends: boolean): Promise<void> {
      const [expired, ...more] = await expiries();
      expect(more).toEqual([]);
      expect(expired).toMatchObject({ actor_id: 'system', payload: { turn_id, deadline, ends } });
      expect(expired!.occurred_at >= deadline).toBe(true);
      const text = `select status from commands where name = 'turn.expire' and stream = $1`;
      const { rows } = await stack.pool.query(text, [`session:${session_id}`]);
      expect(rows).toEqual([{ status: 'applied' }]);
      await expectIntact(stack.url, session_id, people.admin);
    }

    return { session_id, turn_id, act, start, turn, expiries, untilExpired, expectOnce };
  }

  const untilPassed = (deadline: string) =>
    vi.waitFor(async () => {
      const { rows } = await stack.pool.query('select clock_timestamp() > $1::timestamptz as passed', [deadline]);
      expect(rows).toEqual([{ passed: true }]);
    }, SOON);

  /** The job that was left for that deadline has been answered. @returns what it did */
  const answerOf = (deadline: Deadline) =>
    vi.waitFor(async () => {
      const job = await stack.backbones[0]!.queues.queue('commands').getJob(deadlineJobId(deadline));
      expect(job?.finishedOn).toBeDefined();
      return job!.returnvalue;
    }, SOON);

  test('moot-20 flags the turn and lets it go on until it is ended', async () => {
    const court = await open('moot-20', { side: 'petitioner', kind: 'argument', allotted_ms: 400 });
    const { deadline } = await court.start();
    await court.untilExpired();
    expect(await court.turn()).toMatchObject({ state: 'active', expired_at: deadline, clock: { remaining_ms: 0 } });
    const ended = await court.act('turn/end', { turn_id: court.turn_id });
    expect(ended).toMatchObject({ state: 'ended', expired_at: deadline, used_ms: 400 });
    expect(ended.overtime_ms).toBe(Date.parse(ended.ended_at) - Date.parse(deadline));
    await court.expectOnce(deadline, false);
  });

  test('amta ends the turn, which has used exactly its time', async () => {
    const court = await open('amta', { side: 'petitioner', kind: 'examination', allotted_ms: 400 });
    const { deadline } = await court.start();
    await court.untilExpired();
    expect(await court.turn()).toMatchObject({ state: 'ended', expired_at: deadline, used_ms: 400, overtime_ms: 0 });
    await court.act('complete', { skip_turns: true });
    await court.expectOnce(deadline, true);
  });

  test('are kept by the jobs that were left for them, not only by the look each second', async () => {
    const answers: unknown[] = [];
    // A look may come first; not every time.
    while (answers.length < 20 && !answers.some((answer) => (answer as Json).sent === 1)) {
      const court = await open(oneSpeech(300, 'end'));
      answers.push(await answerOf(await court.start()));
    }
    expect(answers).toContainEqual({ sent: 1 });
  });

  test('many at once are each kept once', async () => {
    const courts = await Promise.all(Array.from({ length: 12 }, () => open(oneSpeech(700, 'end'))));
    const deadlines = await Promise.all(courts.map((court) => court.start()));
    for (const [i, court] of courts.entries()) {
      await court.untilExpired();
      await court.expectOnce(deadlines[i]!.deadline, true);
    }
    const lateness = await Promise.all(stack.backbones.map(({ metrics }) => metrics.turnLateness.get()));
    const counted = lateness.flatMap(({ values }) => values).filter(({ metricName }) => metricName?.endsWith('_count'));
    expect(counted.reduce((sum, { value }) => sum + value, 0)).toBeGreaterThanOrEqual(courts.length);
  });

  test('a recess moves the deadline: the job that was left for the old one finds nothing to do', async () => {
    const court = await open(oneSpeech(UNDER_WAY_MS, 'end'));
    const first = await court.start();
    await court.act('pause');
    expect(await answerOf(first)).toEqual({ sent: 0 });
    await untilPassed(first.deadline);
    expect(await court.expiries()).toEqual([]);
    const { clock } = await court.act('resume');
    expect(clock.deadline > first.deadline).toBe(true);
    await court.untilExpired();
    await court.expectOnce(clock.deadline, true);
  });

  test('so does an objection until it is ruled', async () => {
    const court = await open(oneSpeech(UNDER_WAY_MS, 'stop_card'));
    const first = await court.start();
    const { id: objection_id } = await court.act('objection/raise', { turn_id: court.turn_id, ground: 'procedural' });
    expect(await answerOf(first)).toEqual({ sent: 0 });
    await court.act('objection/rule', { objection_id, decision: 'overruled' });
    const { clock } = await court.turn();
    expect(clock.deadline > first.deadline).toBe(true);
    await court.untilExpired();
    await court.expectOnce(clock.deadline, false);
  });

  test('and more time', async () => {
    const court = await open(oneSpeech(UNDER_WAY_MS, 'end'));
    const first = await court.start();
    const { clock } = await court.act('turn/extend', { turn_id: court.turn_id, extension_ms: 1_000 });
    expect(Date.parse(clock.deadline) - Date.parse(first.deadline)).toBe(1_000);
    expect(await answerOf(first)).toEqual({ sent: 0 });
    await court.untilExpired();
    await court.expectOnce(clock.deadline, true);
  });

  test('what runs out while no worker is there is found by the next, once', async () => {
    const court = await open(oneSpeech(UNDER_WAY_MS, 'end'));
    const { deadline } = await court.start();
    await stack.stopWorkers();
    await untilPassed(deadline);
    expect(await court.expiries()).toEqual([]);
    await stack.startWorkers();
    await court.untilExpired();
    await court.expectOnce(deadline, true);
  });
});

describe.skipIf(isLeftOut)(`the overdue poll, ${kind}`, () => {
  /** A turn whose time is up; nobody works but who is asked to. */
  async function openDue() {
    const bench = await openWorkbench();
    onTestFinished(bench.close);
    const { court, tools, database } = bench;
    const session_id = await court.session(await court.assignment());
    const [start] = await court.send(['session.start', { session_id }]);
    const first = eventId(start!, 2);
    await court.send(['turn.plan', { session_id, turn_id: first, allotted_ms: 420_000 }]);
    const speech = { session_id, side: 'petitioner', kind: 'argument', allotted_ms: 1 };
    const [turn_id] = await court.send(['turn.plan', speech]);
    await court.send(['turn.start', { session_id, turn_id: turn_id!, speaker_id: roster.petitioner }]);
    const { rows } = await tools.pool.query('select deadline from session_turns where id = $1', [turn_id]);
    const { deadline } = rows[0];
    const note = () => court.send(['session.log', { session_id, event_type: 'NOTE', details: {} }]);
    const sent = async () =>
      (await database.pool.query(`select status from commands where name = 'turn.expire' order by position`)).rows;
    const expiries = async () =>
      (await database.pool.query(`select from events where event_type = 'TURN_EXPIRED'`)).rowCount;
    await vi.waitFor(async () => {
      const { rows } = await tools.pool.query('select clock_timestamp() >= $1 as passed', [deadline]);
      expect(rows).toEqual([{ passed: true }]);
    }, SOON);
    return { bench, session_id, turn_id: turn_id!, deadline: deadline as string, note, sent, expiries };
  }

  test('of several workers, again and again, sends one command', async () => {
    const { bench, note, sent, expiries } = await openDue();
    const { pool, queues, log } = bench.tools;
    const db = pool as never;
    const worker = () => createExpirer({ db, send: createSend({ db, catalog, queues, log, request_id: 'test' }), log });
    const workers = [worker(), worker(), worker()];
    await Promise.all(workers.flatMap(({ watched }) => [watched.poll(), watched.poll()]));
    await workers[0]!.watched.poll();
    expect(await sent()).toEqual([{ status: 'accepted' }]);
    await note();
    expect([await sent(), await expiries()]).toEqual([[{ status: 'applied' }], 1]);
    await workers[0]!.watched.poll();
    expect(await sent()).toHaveLength(1);
    expect(await bench.report()).toMatchObject({ system_valid: true });
  });

  test('sends again what was refused and is due after all, when something has happened since', async () => {
    const { bench, session_id, turn_id, deadline, note, sent, expiries } = await openDue();
    const { pool, send, log } = bench.tools;
    const expirer = createExpirer({ db: pool as never, send, log });
    // As if a pause had come before it and had ended in the same millisecond: refused, and the deadline is the same again.
    const input = { session_id, turn_id, deadline: '2026-01-01T00:00:00.000Z' };
    await send({ name: 'turn.expire', input, key: `turn.expire ${turn_id} ${deadline}` });
    await expirer.watched.poll();
    expect(await sent()).toEqual([{ status: 'rejected' }]);
    await bench.hoursAgo(-1);
    await note();
    await expirer.watched.poll();
    await expirer.watched.poll();
    expect([await sent(), await expiries()]).toEqual([[{ status: 'rejected' }, { status: 'applied' }], 1]);
    expect(await bench.report()).toMatchObject({ system_valid: true });
  });

  test('is left what a job could not do without a database; any other fault of the job is shown', async () => {
    const { bench, session_id, turn_id, deadline, note, expiries } = await openDue();
    const { pool, send, log } = bench.tools;
    const job = { data: { session_id, turn_id, deadline } } as never;
    const away = new pg.Pool({ host: '127.0.0.1', port: 1 });
    onTestFinished(() => away.end());
    expect(await createExpirer({ db: away as never, send, log }).answer(job)).toEqual({ sent: 0 });
    await createExpirer({ db: pool as never, send, log }).watched.poll();
    await note();
    expect(await expiries()).toBe(1);
    const nonsense = { data: { session_id, turn_id: 'x', deadline } } as never;
    await expect(createExpirer({ db: pool as never, send, log }).answer(nonsense)).rejects.toThrow('uuid');
    expect(await bench.report()).toMatchObject({ system_valid: true });
  });

  test('that is to stop begins nothing', async () => {
    const { bench, sent } = await openDue();
    const expirer = createExpirer({ db: bench.tools.pool as never, send: bench.tools.send, log: bench.tools.log });
    expirer.close();
    await expirer.watched.poll();
    expect(await sent()).toEqual([]);
  });

  test('is not what deadlines wait for: a delayed job comes when it is due, not with the next whole second', async () => {
    const bench = await openWorkbench();
    onTestFinished(bench.close);
    const { queues } = bench.tools;
    const queue = queues.queue('commands');
    const late_ms: number[] = [];
    const answer = async ({ timestamp, data }: { timestamp: number; data: { delay: number } }) => {
      late_ms.push(Date.now() - timestamp - data.delay);
    };
    const worker = queues.worker('commands', answer as never, {});
    await queues.run([worker]);
    await vi.waitFor(() => expect(queues.isConnected()).not.toBe(false), SOON);
    const delay = 300;
    for (let n = 1; n <= 5; n += 1) {
      await queue.add('turn.deadline', { delay }, { delay });
      await vi.waitFor(() => expect(late_ms).toHaveLength(n), SOON);
    }
    await worker.close();
    // On a busy machine one or another may be late. In whole seconds all of them would be.
    expect(Math.min(...late_ms)).toBeLessThan(1_000 - delay - 200);
    expect(Math.min(...late_ms)).toBeGreaterThanOrEqual(0);
  });

  test('goes by its index among thousands of turns', async () => {
    const { bench } = await openDue();
    const { pool } = bench.database;
    await pool.query(`
      insert into assignments
      select gen_random_uuid(), gen_random_uuid(), 'Title', 'Courtroom', now(), 'private', '"moot-20"', now()
      from generate_series(1, 5000);
      insert into courtroom_sessions
      select gen_random_uuid(), id, institution_id, title, courtroom, visibility, 'active', '{}', now(), now()
      from assignments where title = 'Title';
      insert into streams select 'session:' || id, 1, sha256(''), now() from courtroom_sessions where title = 'Title';
      insert into session_turns (id, session_id, order_index, side, kind, allotted_ms, min_ms, protected_ms, objections,
        state, extension_ms, paused_ms, paused_by, questions, speaker_id, started_at, deadline)
      select gen_random_uuid(), id, 1, 'petitioner', 'argument', 60000, 0, 0, true, 'active', 0, 0, '{}', 0, id, now(),
        now() + interval '1 hour'
      from courtroom_sessions where title = 'Title';
      analyze`);
    const plans: string[] = [];
    const explaining = {
      async query({ text, values }: { text: string; values: unknown[] }) {
        const { rows } = await bench.tools.pool.query(`explain (analyze, timing off, summary off) ${text}`, values);
        plans.push(rows.map((row) => row['QUERY PLAN']).join('\n'));
        return bench.tools.pool.query(text, values);
      },
    };
    await createExpirer({ db: explaining as never, send: async () => {}, log: bench.tools.log }).watched.poll();
    expect(plans).toHaveLength(1);
    expect(plans[0]).toContain('session_turns_due');
    expect(plans[0]).not.toContain('Seq Scan');
    expect(plans[0]).not.toMatch(/actual rows=\d{2,}/);
  });
});
