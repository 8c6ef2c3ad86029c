/** Passes over real streams: locks, order and facts. The catalog holds a command of two streams that record in turns. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { Decided } from '../../src/core/apply/decideBatch.ts';
import { execute, record } from '../../src/core/apply/execute.ts';
import { createStates } from '../../src/core/apply/streamStates.ts';
import { type CommandDefinition, catalogOf } from '../../src/core/definitions/command.ts';
import { defineEvent } from '../../src/core/definitions/event.ts';
import { workOf } from '../../src/core/definitions/stream.ts';
import type { Queryable } from '../../src/core/sql/queryable.ts';
import { assignmentStream, assignmentStreamName } from '../../src/court/assignments/assignment.ts';
import { sessionStream, sessionStreamName } from '../../src/court/sessions/session.ts';
import { inTransaction } from '../../src/infra/postgres/database.ts';
import { commands, catalog as known } from '../../src/modules.ts';
import { openPasses, outcomesById, type Passes, type Place } from '../support/applierHarness.ts';
import { admin, match } from '../support/matchFixture.ts';
import { submission } from '../support/submissions.ts';

const noted = (kind: typeof sessionStream | typeof assignmentStream) =>
  defineEvent<{ n: number }, never>({
    stream: kind as never,
    type: `NOTED_BY_${kind.kind.toUpperCase()}`,
    payload: z.strictObject({ n: z.int() }),
    evolve: (state) => state,
    project: () => [],
  });
const [onSession, onAssignment] = [noted(sessionStream), noted(assignmentStream)];

/** Records on both of its streams, in turns. */
const noteBoth: CommandDefinition<Place, unknown, unknown> = {
  roles: ['super_admin'],
  summary: 'Only tests know it',
  body: z.object({}),
  resource: z.object({}),
  target: () => null,
  name: 'test.both',
  route: 'POST /test/both',
  streams: ({ input }) => [sessionStreamName(input.session_id), assignmentStreamName(input.assignment_id)],
  decide: () => [onSession({ n: 1 }), onAssignment({ n: 2 }), onSession({ n: 3 })],
  result: (_, { id }) => ({ id }),
  records: [onSession, onAssignment],
  rejects: [],
};

const catalog = catalogOf([...commands, noteBoth] as unknown as CommandDefinition[], known.reserved);
let court: Passes;

beforeAll(async () => {
  court = await openPasses(catalog);
});

afterAll(() => court.close());

describe('commands of one stream', () => {
  test('are applied in inbox order, in one transaction', async () => {
    const place = await court.openPlace();
    const batch = [
      court.order('session.start', place),
      ...[1, 2, 3].map((n) => court.log(place, n)),
      court.order('session.pause', place),
    ];
    await court.accept(...batch);
    const [decided] = await court.passAll(batch);
    expect(decided!.outcomes.map(({ id }) => id)).toEqual(batch.map(({ id }) => id));
    const types = (await court.eventsOf(`session:${place.session_id}`)).map(({ event_type }) => event_type);
    expect(types).toEqual(['SESSION_CREATED', 'SESSION_STARTED', 'NOTE', 'NOTE', 'NOTE', 'SESSION_PAUSED']);
    expect(await court.issuesOf(`session:${place.session_id}`)).toEqual([]);
  });

  test('are taken a few at a time where there are many, and the rest is named', async () => {
    const place = await court.openPlace();
    const batch = Array.from({ length: 7 }, (_, n) => court.log(place, n));
    await court.accept(...batch);
    const passes = await court.passAll(batch, 3);
    expect(passes.map(({ outcomes }) => outcomes.length)).toEqual([3, 3, 1]);
    expect(passes[0]!.again).toEqual(new Map([[batch[0]!.streams[0], batch[0]!.streams]]));
    expect(await court.issuesOf(`session:${place.session_id}`)).toEqual([]);
  });

  test('are not applied again, whoever is told about them again', async () => {
    const place = await court.openPlace();
    const start = court.order('session.start', place);
    await court.accept(start);
    await court.passAll([start]);
    const [again] = await court.passAll([start]);
    expect(again).toMatchObject({ outcomes: [], rows: [], writes: [] });
    expect(await court.eventsOf(`session:${place.session_id}`)).toHaveLength(2);
  });

  test('see what another worker has recorded since', async () => {
    const place = await court.openPlace();
    const [here, elsewhere] = [createStates(catalog), createStates(catalog)];
    const turns = [
      { name: 'session.start', states: here },
      { name: 'session.pause', states: elsewhere },
      { name: 'session.resume', states: here },
    ];
    for (const { name, states } of turns) {
      const command = court.order(name, place);
      await court.accept(command);
      const decided = await court.pass({ work: workOf([command]) }, states);
      expect(decided.outcomes).toMatchObject([{ status: 'applied' }]);
    }
    expect(await court.issuesOf(`session:${place.session_id}`)).toEqual([]);
  });

  test('are postponed, not waited for, while another transaction holds the stream, born or unborn, and then see what it did', async () => {
    const place = await court.openPlace();
    const [start, pause] = [court.order('session.start', place), court.order('session.pause', place)];
    const create = submission(catalog, 'assignment.create', match, admin);
    const turns = [
      { first: start, second: pause, outcomes: [{ id: pause.id, status: 'applied', attempts: 1 }] },
      { first: create, second: create, outcomes: [] },
    ];
    for (const { first, second, outcomes } of turns) {
      await court.accept(first);
      const other = await court.worker.connect();
      await other.query('begin');
      await record(
        other as never,
        await execute(other as never, catalog, createStates(catalog), { work: workOf([first]), limit: 10 }),
      );
      if (second !== first) await court.accept(second);
      const bystander = court.log(await court.openPlace(), 1);
      await court.accept(bystander);
      const meanwhile = await court.pass({ work: workOf([second, bystander]) });
      expect(meanwhile).toMatchObject({ outcomes: [{ id: bystander.id, status: 'applied' }], faults: [] });
      expect([...meanwhile.postponed]).toMatchObject([
        [second.streams[0], { streams: second.streams, reason: 'locked', detail: expect.stringContaining('locked') }],
      ]);
      await other.query('commit');
      other.release();
      expect((await court.pass({ work: workOf([second]) })).outcomes).toMatchObject(outcomes);
    }
    expect(await court.issuesOf(`session:${place.session_id}`)).toEqual([]);
    expect(await court.eventsOf(`assignment:${create.id}`)).toHaveLength(1);
  });

  test('never happen before the event that precedes them', async () => {
    const place = await court.openPlace();
    const stream = `session:${place.session_id}`;
    const ahead = '2100-01-01T00:00:00.000Z';
    await court.database.pool.query('update streams set occurred_at = $2 where stream = $1', [stream, ahead]);
    const start = court.order('session.start', place);
    await court.accept(start);
    await court.passAll([start]);
    expect((await court.eventsOf(stream)).at(-1)!.at.toISOString()).toBe(ahead);
  });

  test('with an If-Match that is not the head are rejected, and the record stays', async () => {
    const place = await court.openPlace();
    const expecting = (expected_sequence: number) => court.order('session.start', place, {}, { expected_sequence });
    const batch = [expecting(2), expecting(1), expecting(1)];
    await court.accept(...batch);
    const byId = outcomesById(await court.passAll(batch));
    expect(byId.get(batch[0]!.id)).toMatchObject({
      status: 'rejected',
      problem: { code: 'precondition_failed', status: 412 },
    });
    expect(byId.get(batch[1]!.id)).toMatchObject({ status: 'applied' });
    expect(byId.get(batch[2]!.id)).toMatchObject({ status: 'rejected', problem: { code: 'precondition_failed' } });
    expect(await court.eventsOf(`session:${place.session_id}`)).toHaveLength(2);
  });
});

describe('commands of several streams', () => {
  test('record on each of them, with event ids that count up from the command', async () => {
    const place = await court.openPlace();
    const both = court.order('test.both', place, { assignment_id: place.assignment_id });
    await court.accept(both);
    const fate = outcomesById(await court.passAll([both])).get(both.id)!;
    expect(fate).toMatchObject({ status: 'applied', stream: `session:${place.session_id}`, result: { id: both.id } });
    const session = await court.eventsOf(`session:${place.session_id}`);
    const assignment = await court.eventsOf(`assignment:${place.assignment_id}`);
    const id = (n: number) => both.id.slice(0, -1) + n;
    expect(session.slice(1).map(({ sequence, event_id }) => [sequence, event_id])).toEqual([
      [2, id(1)],
      [3, id(3)],
    ]);
    expect(assignment.slice(1).map(({ sequence, event_id }) => [sequence, event_id])).toEqual([[2, id(2)]]);
    expect(await court.issuesOf(`session:${place.session_id}`)).toEqual([]);
    expect(await court.issuesOf(`assignment:${place.assignment_id}`)).toEqual([]);
  });

  test('wait for a pass that holds all their streams', async () => {
    const place = await court.openPlace();
    const both = court.order('test.both', place, { assignment_id: place.assignment_id });
    await court.accept(both);
    const [subject, other] = both.streams as [string, string];
    const alone = await court.pass({ work: new Map([[subject, [subject]]]) });
    expect(alone.outcomes).toEqual([]);
    expect(alone.again).toEqual(new Map([[subject, [subject, other]]]));
    const together = await court.pass({ work: alone.again });
    expect(together.outcomes).toMatchObject([{ id: both.id, status: 'applied' }]);
  });

  test('of 20 session.create for one assignment, in one batch, one is applied and 19 find its session', async () => {
    const create = submission(catalog, 'assignment.create', match, admin);
    const rivals = Array.from({ length: 20 }, () =>
      submission(catalog, 'session.create', { assignment_id: create.id }, admin),
    );
    await court.accept(create, ...rivals);
    const byId = outcomesById(await court.passAll([create, ...rivals]));
    const [winner, ...losers] = rivals.map(({ id }) => byId.get(id)!);
    expect(winner).toMatchObject({ status: 'applied' });
    for (const loser of losers) {
      expect(loser).toMatchObject({
        status: 'rejected',
        problem: { code: 'session_exists', session_id: rivals[0]!.id },
      });
    }
    const { rowCount } = await court.database.pool.query('select from courtroom_sessions where assignment_id = $1', [
      create.id,
    ]);
    expect(rowCount).toBe(1);
  });

  test('of rivals in transactions at once, one is applied too', async () => {
    const create = submission(catalog, 'assignment.create', match, admin);
    await court.accept(create);
    await court.passAll([create]);
    const rivals = Array.from({ length: 4 }, () =>
      submission(catalog, 'session.create', { assignment_id: create.id }, admin),
    );
    await court.accept(...rivals);
    const passes: Decided[] = [];
    while (outcomesById(passes).size < rivals.length) {
      passes.push(...(await Promise.all(rivals.map((rival) => court.passAll([rival])))).flat());
    }
    const statuses = [...outcomesById(passes).values()].map(({ status }) => status);
    expect(statuses.sort()).toEqual(['applied', 'rejected', 'rejected', 'rejected']);
  });
});

test('a command waits alone while any one of its streams is locked, and then is applied with all of them', async () => {
  const [place, bystander] = [await court.openPlace(), await court.openPlace()];
  const both = court.order('test.both', place, { assignment_id: place.assignment_id });
  const batch = [both, court.log(bystander, 1)];
  await court.accept(...batch);
  for (const stream of both.streams) {
    const stranger = await court.database.pool.connect();
    await stranger.query('begin');
    await stranger.query('select from streams where stream = $1 for update', [stream]);
    const meanwhile = await court.pass({ work: workOf(batch) });
    expect([...meanwhile.postponed.keys()]).toEqual([both.streams[0]]);
    expect(meanwhile.again.size).toBe(0);
    await stranger.query('rollback');
    stranger.release();
  }
  const byId = outcomesById(await court.passAll(batch));
  expect(byId.get(both.id)).toMatchObject({ status: 'applied' });
  expect(await court.issuesOf(`session:${place.session_id}`)).toEqual([]);
});

test('workers that want the same pairs of streams at once apply each command once, and each pair whole', async () => {
  const places = await Promise.all(Array.from({ length: 12 }, () => court.openPlace()));
  const batch = places.flatMap((place) => [1, 2, 3].map((n) => court.log(place, n)));
  await court.accept(...batch);
  let left = new Set(batch.map(({ id }) => id));
  const settled: string[] = [];
  for (let round = 0; left.size > 0 && round < 200; round += 1) {
    const work = workOf(batch.filter(({ id }) => left.has(id)));
    const passes = await Promise.all([court.pass({ work }), court.pass({ work }, createStates(catalog))]);
    settled.push(...passes.flatMap(({ outcomes }) => outcomes.map(({ id }) => id)));
    left = new Set([...left].filter((id) => !settled.includes(id)));
  }
  expect(settled.sort()).toEqual(batch.map(({ id }) => id).sort());
  for (const { session_id } of places) expect(await court.issuesOf(`session:${session_id}`)).toEqual([]);
});

test('a pass whose transaction is rolled back leaves nothing behind', async () => {
  const place = await court.openPlace();
  const start = court.order('session.start', place);
  await court.accept(start);
  const cut = inTransaction(court.worker, async (db) => {
    await record(db, await execute(db, catalog, createStates(catalog), { work: workOf([start]), limit: 10 }));
    throw new Error('cut');
  });
  await expect(cut).rejects.toThrow('cut');
  expect(await court.eventsOf(`session:${place.session_id}`)).toHaveLength(1);
  const byId = outcomesById(await court.passAll([start]));
  expect(byId.get(start.id)).toMatchObject({ status: 'applied' });
  expect(await court.issuesOf(`session:${place.session_id}`)).toEqual([]);
});

test('a pass whose command is gone before its outcome is stored records nothing', async () => {
  const place = await court.openPlace();
  const start = court.order('session.start', place);
  await court.accept(start);
  const decide = async (db: Queryable) => {
    const decided = await execute(db, catalog, createStates(catalog), { work: workOf([start]), limit: 10 });
    await court.database.pool.query('delete from commands where id = $1', [start.id]);
    return decided;
  };
  await expect(inTransaction(court.worker, decide, { last: record })).rejects.toThrow('wrote 0 of 1 outcomes');
  expect(await court.eventsOf(`session:${place.session_id}`)).toHaveLength(1);
});
