/** Commands that cannot be decided or stored: their stream waits for them, and every other goes on. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { commands } from '../../src/commands.ts';
import { bookOf, type CommandDefinition, defineCommand } from '../../src/core/command.ts';
import type { Decided } from '../../src/core/decide.ts';
import { workOf } from '../../src/core/stream.ts';
import { countAttempts, readPending } from '../../src/core/transaction.ts';
import { sessionStreamName } from '../../src/sessions/session.ts';
import { openPasses, type Passes, type Place } from '../support/passes.ts';

const calls = new Map<string, number>();

/** Never decided. */
const explode = defineCommand<Place, unknown, unknown>({
  roles: ['super_admin'],
  summary: 'Only tests know it',
  body: z.object({}),
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
});

const book = bookOf([...commands, explode] as unknown as CommandDefinition[]);
let court: Passes;

beforeAll(async () => {
  court = await openPasses(book);
});

afterAll(() => court.close());

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

test('a command that no version of ours knows is dead in the end and holds nobody up for ever', async () => {
  const place = await court.openPlace();
  const stranger = { ...court.log(place, 1), name: 'session.teleport' };
  const next = court.log(place, 2);
  await court.accept(stranger, next);
  let last: Decided | undefined;
  for (let attempt = 1; attempt <= 3; attempt++) {
    await letGo(stranger.streams[0]!);
    last = await court.pass({ work: workOf([stranger, next]) });
  }
  expect(last!.outcomes).toMatchObject([
    { id: stranger.id, status: 'dead' },
    { id: next.id, status: 'applied' },
  ]);
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
