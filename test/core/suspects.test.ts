/** Commands that may have taken a process down have their attempt counted first; what was not tried is not counted. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import type { Attempts } from '../../jobs/apply/attempt.ts';
import { createPasses } from '../../jobs/apply/passes.ts';
import type { Submission } from '../../src/core/apply/inbox.ts';
import { type CommandDefinition, catalogOf } from '../../src/core/definitions/command.ts';
import { workOf } from '../../src/core/definitions/stream.ts';
import { sessionStreamName } from '../../src/court/sessions/session.ts';
import { inTransaction } from '../../src/infra/postgres/database.ts';
import { commands, catalog as known, modules } from '../../src/modules.ts';
import { openPasses, type Passes, type Place } from '../support/applierHarness.ts';
import { admin } from '../support/matchFixture.ts';
import { submission } from '../support/submissions.ts';

/** Never decided. */
const explode: CommandDefinition<Place, unknown, unknown> = {
  ...{
    roles: ['super_admin'],
    summary: 'Only tests know it',
    body: z.object({}),
    resource: z.object({}),
    target: () => null,
  },
  name: 'test.explode',
  route: 'POST /test/explode',
  streams: ({ input }) => [sessionStreamName(input.session_id)],
  decide() {
    throw new Error('this cannot be decided');
  },
  result: () => ({}),
  records: [],
  rejects: [],
};

const kinds = modules.flatMap((module) => module.kinds);
const catalog = catalogOf([...commands, explode] as unknown as CommandDefinition[], known.reserved, kinds);
let court: Passes;

beforeAll(async () => {
  court = await openPasses(catalog);
});

afterAll(() => court.close());

/** As a worker runs them, and nothing is published. */
function run(batch: Submission[], attempt: Attempts['attempt'] = court.pass) {
  const attempts: Attempts = {
    attempt,
    transact: (work) => inTransaction(court.worker, work),
    persistently: (work) => work(),
  };
  return createPasses(court.worker, attempts, () => false).run(workOf(batch));
}

async function acceptOverdue(...batch: Submission[]): Promise<Submission[]> {
  await court.accept(...batch);
  const ids = batch.map(({ id }) => id);
  await court.database.pool.query(
    `update commands set accepted_at = accepted_at - interval '1 minute' where id = any($1)`,
    [ids],
  );
  return batch;
}

async function standingOf(batch: Submission[]) {
  const text = 'select status, attempts from commands where id = any($1) order by position';
  return (await court.database.pool.query(text, [batch.map(({ id }) => id)])).rows;
}

test('suspects behind the first that need another stream are counted once', async () => {
  const place = await court.openPlace();
  // As an API of before stores it.
  const streams = [sessionStreamName(place.session_id)];
  const leave = court.order('session.unobserve', place, { observation_id: randomUUID() }, { streams });
  const batch = await acceptOverdue(leave, court.log(place, 1), court.log(place, 2));
  expect(batch.map(({ streams }) => streams.length)).toEqual([1, 2, 2]);
  await run(batch);
  const statuses = ['rejected', 'applied', 'applied'];
  expect(await standingOf(batch)).toEqual(statuses.map((status) => ({ status, attempts: 1 })));
  expect(await court.issuesOf(batch[0]!.streams[0]!)).toEqual([]);
});

test('suspects that need the same fact as the first are counted once', async () => {
  const { assignment_id } = await court.openPlace();
  const create = () => submission(catalog, 'session.create', { assignment_id }, admin);
  const batch = await acceptOverdue(create(), create(), create());
  await run(batch);
  expect(await standingOf(batch)).toEqual(batch.map(() => ({ status: 'rejected', attempts: 1 })));
});

test('suspects behind one that faults are not counted, as it held their stream before they were tried', async () => {
  const place = await court.openPlace();
  const batch = await acceptOverdue(court.order('test.explode', place), court.log(place, 1), court.log(place, 2));
  await run(batch);
  expect(await standingOf(batch)).toEqual([1, 0, 0].map((attempts) => ({ status: 'accepted', attempts })));
});

test('the attempt of a suspect is counted while it is tried', async () => {
  const place = await court.openPlace();
  const batch = await acceptOverdue(court.log(place, 1), court.log(place, 2));
  const seen: unknown[] = [];
  await run(batch, async (options) => {
    if (options.preCounted) seen.push(...(await standingOf(batch)));
    return court.pass(options);
  });
  expect(seen).toEqual(batch.map(() => ({ status: 'accepted', attempts: 1 })));
});

test('of a session that is far behind ever more commands are counted and tried at once, until one of them faults', async () => {
  const place = await court.openPlace();
  const calm = Array.from({ length: 300 }, (_, n) => court.log(place, n));
  const batch = await acceptOverdue(...calm, court.order('test.explode', place));
  const tried: number[] = [];
  await run(batch, async (options) => {
    const decided = await court.pass(options);
    if (options.preCounted) tried.push(decided.outcomes.length);
    return decided;
  });
  expect(tried.slice(0, 3)).toEqual([32, 64, 128]);
  const standing = await standingOf(batch);
  expect(standing.slice(0, 300)).toEqual(calm.map(() => ({ status: 'applied', attempts: 1 })));
  expect(standing[300]).toEqual({ status: 'accepted', attempts: 1 });
});
