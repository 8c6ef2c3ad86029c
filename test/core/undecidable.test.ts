/** Commands that cannot be decided or stored: their stream waits for them, and every other goes on. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import type { Decided } from '../../src/core/apply/decideBatch.ts';
import { execute, record } from '../../src/core/apply/execute.ts';
import type { Submission } from '../../src/core/apply/inbox.ts';
import { createStates } from '../../src/core/apply/streamStates.ts';
import { countAttempts, readPending } from '../../src/core/apply/transaction.ts';
import { type CommandDefinition, catalogOf } from '../../src/core/definitions/command.ts';
import { defineEvent } from '../../src/core/definitions/event.ts';
import type { Blobs } from '../../src/core/definitions/files.ts';
import { workOf } from '../../src/core/definitions/stream.ts';
import { sessionStream, sessionStreamName } from '../../src/court/sessions/session.ts';
import { inTransaction } from '../../src/infra/postgres/database.ts';
import { verifyRecord } from '../../src/integrity/verifyRecord.ts';
import { completeSessionReport, verifySession } from '../../src/integrity/verifySession.ts';
import { commands, catalog as known } from '../../src/modules.ts';
import { openPasses, type Passes, type Place } from '../support/applierHarness.ts';
import { admin } from '../support/matchFixture.ts';

const calls = new Map<string, number>();

/** Never decided. */
const explode: CommandDefinition<Place, unknown, unknown> = {
  roles: ['super_admin'],
  summary: 'Only tests know it',
  body: z.object({}),
  resource: z.object({}),
  target: () => null,
  name: 'test.explode',
  route: 'POST /test/explode',
  streams: ({ input }) => [sessionStreamName(input.session_id)],
  decide(_, { id }) {
    calls.set(id, (calls.get(id) ?? 0) + 1);
    throw new Error('this cannot be decided');
  },
  result: () => ({}),
  records: [],
  rejects: [],
};

const recessed = defineEvent<object, never>({
  stream: sessionStream as never,
  type: 'SESSION_RECESSED',
  payload: z.strictObject({}),
  evolve: (state) => state,
  project: () => [],
});

/** Only a newer version has it. */
const recess: CommandDefinition<Place, unknown, unknown> = {
  ...{
    roles: ['super_admin'],
    summary: 'Only tests know it',
    body: z.object({}),
    resource: z.object({}),
    target: () => null,
  },
  name: 'session.recess',
  route: 'POST /test/recess',
  streams: ({ input }) => [sessionStreamName(input.session_id)],
  decide: () => [recessed({})],
  result: (_, { id }) => ({ id }),
  records: [recessed],
  rejects: [],
};

const catalog = catalogOf([...commands, explode] as unknown as CommandDefinition[], known.reserved);
let court: Passes;

beforeAll(async () => {
  court = await openPasses(catalog);
});

afterAll(() => court.close());

/** A pass of a worker of another version. */
const passAs = (other: typeof catalog, batch: Submission[]): Promise<Decided> =>
  inTransaction(court.worker, (db) => execute(db, other, createStates(other), { work: workOf(batch), limit: 100 }), {
    last: record,
  });

/** Instead of waiting until the next attempt is due. */
const letGo = (stream: string) =>
  court.database.pool.query('update streams set held_until = null where stream = $1', [stream]);

test('a command that cannot be decided holds its stream, is tried three times, and is dead; then its stream goes on in order', async () => {
  const [place, bystander] = [await court.openPlace(), await court.openPlace()];
  const stream = `session:${place.session_id}`;
  const bomb = court.order('test.explode', place);
  const behind = [court.log(place, 1), court.log(place, 2)];
  const batch = [bomb, ...behind, court.log(bystander, 1)];
  await court.accept(...batch);

  const first = await court.pass({ work: workOf(batch) });
  expect(first.outcomes).toMatchObject([{ id: batch.at(-1)!.id, status: 'applied' }]);
  expect(first.faults).toMatchObject([
    { id: bomb.id, attempts: 1, retry_in_ms: 1_000, error: 'this cannot be decided' },
  ]);

  const held = await court.pass({ work: workOf(batch) });
  expect(held).toMatchObject({ outcomes: [], faults: [] });
  expect(calls.get(bomb.id)).toBe(1);

  await letGo(stream);
  const second = await court.pass({ work: workOf(batch) });
  expect(second).toMatchObject({ outcomes: [], faults: [{ id: bomb.id, attempts: 2, retry_in_ms: 4_000 }] });

  await letGo(stream);
  const third = await court.pass({ work: workOf(batch) });
  expect(third.faults).toMatchObject([{ id: bomb.id, attempts: 3, retry_in_ms: 0 }]);
  expect(third.outcomes.map(({ id, status, attempts }) => ({ id, status, attempts }))).toEqual([
    { id: bomb.id, status: 'dead', attempts: 3 },
    ...behind.map(({ id }) => ({ id, status: 'applied', attempts: 1 })),
  ]);
  expect(JSON.parse(third.outcomes[0]!.body)).toMatchObject({ problem: { code: 'command_dead', status: 500 } });
  expect(await court.issuesOf(stream)).toEqual([]);
  const { rows } = await court.database.pool.query('select status, attempts, last_error from commands where id = $1', [
    bomb.id,
  ]);
  expect(rows).toEqual([{ status: 'dead', attempts: 3, last_error: 'this cannot be decided' }]);
});

test('a command that cannot be decided is dead without another try where its process died three times over it', async () => {
  const place = await court.openPlace();
  const bomb = court.order('test.explode', place);
  await court.accept(bomb);
  for (let attempt = 1; attempt <= 3; attempt++) {
    const { pending } = await readPending(court.worker as never, [bomb.streams[0]!], 1);
    const counted = await countAttempts(court.worker as never, pending, 3);
    expect([...counted]).toEqual([bomb.id]);
  }
  const { pending } = await readPending(court.worker as never, [bomb.streams[0]!], 1);
  expect(await countAttempts(court.worker as never, pending, 3)).toEqual(new Set());
  const { outcomes } = await court.pass({ work: workOf([bomb]) });
  expect(outcomes).toMatchObject([{ id: bomb.id, status: 'dead', attempts: 3 }]);
  expect(calls.has(bomb.id)).toBe(false);
});

/** Applied by the version that knows it. */
const newerBook = catalogOf([...commands, explode, recess] as unknown as CommandDefinition[], known.reserved);

async function untouched(...batch: Submission[]): Promise<void> {
  const { rows } = await court.database.pool.query(
    'select distinct status, attempts, last_error from commands where id = any($1)',
    [batch.map(({ id }) => id)],
  );
  expect(rows).toEqual([{ status: 'accepted', attempts: 0, last_error: null }]);
}

test('a command that only a newer version knows is left to it without an attempt, and what follows it keeps its place', async () => {
  const [place, bystander] = [await court.openPlace(), await court.openPlace()];
  const stranger = { ...court.log(place, 1), name: 'session.recess', input: { session_id: place.session_id } };
  const [next, other] = [court.log(place, 2), court.log(bystander, 1)];
  await court.accept(stranger, next, other);
  // Overdue ones are suspected of having taken a process down: not even then is it counted.
  await court.database.pool.query(`update commands set accepted_at = accepted_at - interval '1 hour' where id = $1`, [
    stranger.id,
  ]);
  for (let attempt = 1; attempt <= 4; attempt++) {
    const left = await court.pass({ work: workOf([stranger, next, other]), skipSuspects: true });
    expect([...left.postponed]).toMatchObject([
      [stranger.streams[0], { reason: 'newer', detail: 'only a newer version knows commands named session.recess' }],
    ]);
    expect(left.suspects.size).toBe(0);
  }
  await untouched(stranger, next);
  const newer = await passAs(newerBook, [stranger, next]);
  expect(newer.outcomes.map(({ id, status, attempts }) => ({ id, status, attempts }))).toEqual([
    { id: stranger.id, status: 'applied', attempts: 1 },
    { id: next.id, status: 'applied', attempts: 1 },
  ]);
});

test('a stream with an event that only a newer version knows is left to it, though an older state of it was kept', async () => {
  const place = await court.openPlace();
  const stream = `session:${place.session_id}`;
  const start = court.order('session.start', place);
  const note = court.log(place, 1);
  await court.accept(start, note);
  await court.passAll([start, note]);
  const stop = { ...court.log(place, 2), name: 'session.recess', input: { session_id: place.session_id } };
  await court.accept(stop);
  await passAs(newerBook, [stop]);
  const next = court.log(place, 3);
  await court.accept(next);
  const states = createStates(catalog);
  for (const known of [undefined, states]) {
    const left = await court.pass({ work: workOf([next]), skipSuspects: true }, known);
    expect([...left.postponed]).toMatchObject([
      [stream, { reason: 'newer', detail: 'only a newer version knows events of type SESSION_RECESSED' }],
    ]);
  }
  await untouched(next);
  expect((await passAs(newerBook, [next])).outcomes).toMatchObject([{ status: 'applied' }]);
});

test('a version that does not know an event says so when it verifies, and takes it for no tampering', async () => {
  const place = await court.openPlace();
  const stop = { ...court.log(place, 1), name: 'session.recess', input: { session_id: place.session_id } };
  await court.accept(stop);
  await passAs(newerBook, [stop]);
  const { pool } = court.database;
  const told = async (other: typeof catalog) =>
    completeSessionReport(await verifySession(pool as never, other, place.session_id), {} as Blobs);
  const intact = { is_valid: true, issues: [], events_checked: 2 };
  expect(await told(newerBook)).toMatchObject({ ...intact, message: expect.stringContaining('row agrees') });
  const older = await told(catalog);
  expect(older).toMatchObject({ ...intact, message: expect.stringContaining('newer version knows') });
  expect(older).not.toHaveProperty('unjudged');
  const { system_valid, message } = await verifyRecord(pool as never, catalog, {
    institution_id: admin.institution_id,
  });
  expect({ system_valid, message }).toEqual({
    system_valid: true,
    message: expect.stringContaining('were not compared'),
  });
});

test('an entry of a clerk changes no state, whatever it is called, and is no reason to leave a stream', async () => {
  const place = await court.openPlace();
  const batch = ['NOTE', 'SESSIONS', 'RECESS', 'TURNED'].map((event_type) =>
    court.order('session.log', place, { event_type, details: {} }),
  );
  await court.accept(...batch);
  await court.passAll(batch);
  const start = court.order('session.start', place);
  await court.accept(start);
  const { outcomes, postponed } = await court.pass({ work: workOf([start]) }, createStates(catalog));
  expect([outcomes.map(({ status }) => status), postponed.size]).toEqual([['applied'], 0]);
});

test('a stream of a kind that only a newer version knows is left to it', async () => {
  const place = await court.openPlace();
  const stranger = { ...court.log(place, 1), streams: ['tournament:1'] };
  const bystander = court.log(place, 2);
  await court.accept(stranger, bystander);
  const { outcomes, postponed } = await court.pass({ work: workOf([stranger, bystander]) });
  expect(outcomes).toMatchObject([{ id: bystander.id, status: 'applied' }]);
  expect(postponed.get('tournament:1')).toMatchObject({
    reason: 'newer',
    detail: expect.stringContaining('tournament'),
  });
  await untouched(stranger);
});

test('a command id is applied once even if the inbox forgot its outcome: event ids are unique', async () => {
  const place = await court.openPlace();
  const start = court.order('session.start', place);
  await court.accept(start);
  await court.passAll([start]);
  const forget = `
    alter table commands disable trigger outcomes_are_final;
    update commands set status = 'accepted', outcome = null, finished_at = null, name = 'session.log',
      input = '{"session_id":"${place.session_id}","event_type":"NOTE","details":{}}' where id = '${start.id}';
    alter table commands enable always trigger outcomes_are_final`;
  await court.database.pool.query(forget);
  await expect(court.pass({ work: workOf([start]) })).rejects.toMatchObject({ constraint: 'uq_event_id' });
});
