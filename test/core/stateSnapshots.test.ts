/** Snapshots of long streams: what they save, and what they are never believed for. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { execute, record } from '../../src/core/apply/execute.ts';
import type { Origin } from '../../src/core/apply/stateBases.ts';
import { createSnapshots, LOAD, LONG } from '../../src/core/apply/stateSnapshots.ts';
import { createStates, type States } from '../../src/core/apply/streamStates.ts';
import { workOf } from '../../src/core/definitions/stream.ts';
import { inTransaction } from '../../src/infra/postgres/database.ts';
import { catalog } from '../../src/modules.ts';
import { openPasses, type Passes, type Place } from '../support/applierHarness.ts';
import { nodesOf, planOf, walksOf } from '../support/plans.ts';

const KEY = randomBytes(32);
let court: Passes;
let place: Place;
let stream: string;

beforeAll(async () => {
  court = await openPasses(catalog);
});
afterAll(() => court.close());

beforeEach(async () => {
  place = await court.openPlace();
  stream = `session:${place.session_id}`;
  await send([court.order('session.start', place), ...notes(LONG)]);
});

const notes = (count: number) => Array.from({ length: count }, (_, n) => court.log(place, n));

/** A worker that has nothing of this stream in memory, and what it folded states from. */
function coldWorker(key: Buffer = KEY, kept_bytes?: number) {
  const told: { folded: Origin[]; forged: string[] } = { folded: [], forged: [] };
  const snapshots = createSnapshots({ openKey: async () => key, onForged: (stream) => told.forged.push(stream) });
  const states = createStates(catalog, {
    snapshots,
    ...(kept_bytes !== undefined && { kept_bytes }),
    // The assignment's stream is folded too, and is short.
    onFolded: (from, name) => void (name === stream && told.folded.push(from)),
  });
  return { ...told, states };
}

async function send(batch: ReturnType<typeof notes>, states: States = createStates(catalog)) {
  await court.accept(...batch);
  const decided = await court.pass({ work: workOf(batch) }, states);
  expect(decided.outcomes.map(({ status }) => status)).toEqual(batch.map(() => 'applied'));
}

async function stored() {
  const { rows } = await court.database.pool.query<{ sequence: number; erased: number }>(
    'select sequence, erased from stream_states where stream = $1',
    [stream],
  );
  return rows;
}

test('a worker that folded many events stores where it came to, and the next folds only what came since, to the same state', async () => {
  const [first, second] = [coldWorker(), coldWorker()];
  await send(notes(1), first.states);
  expect(await stored()).toEqual([{ sequence: LONG + 3, erased: 0 }]);
  await send([court.order('session.pause', place), court.order('session.resume', place)], second.states);
  expect([first.folded, second.folded]).toEqual([['events'], ['snapshot']]);
  const { rows } = await court.worker.query(
    `select sequence, encode(event_hash, 'hex') as event_hash, occurred_at from streams where stream = $1`,
    [stream],
  );
  const heads = new Map([[stream, rows[0]]]);
  const loaded = await Promise.all(
    [coldWorker(), { states: createStates(catalog) }].map(({ states }) => states.load(court.worker as never, heads)),
  );
  expect(loaded[0]!.states.get(stream)).toEqual(loaded[1]!.states.get(stream));
  expect(await court.issuesOf(stream)).toEqual([]);
});

test('nothing is stored of what was in memory, or of a stream of which few events were folded', async () => {
  const { states, folded } = coldWorker();
  await send(notes(1), states);
  await send(notes(LONG), states);
  expect(await stored()).toEqual([{ sequence: LONG + 3, erased: 0 }]);
  await send(notes(LONG - 1));
  await send(notes(1), states);
  expect([folded, await stored()]).toEqual([['events', 'memory'], [{ sequence: LONG + 3, erased: 0 }]]);
});

test('no more is kept in memory than so many bytes; what had to go comes back from its snapshot', async () => {
  const { states, folded } = coldWorker(KEY, 8_192);
  await send(notes(1), states);
  await send(notes(1), states);
  expect(folded).toEqual(['events']);
  const other = await court.openPlace();
  const batch = [court.order('session.start', other), ...Array.from({ length: LONG }, (_, n) => court.log(other, n))];
  await send(batch, states);
  await send(notes(1), states);
  expect(folded).toEqual(['events', 'snapshot']);
});

test.each([
  ['of another key, as other code has', { key: randomBytes(32) }, 0],
  ['whose state was changed', { change: `state = set_byte(state, 0, get_byte(state, 0) # 1)` }, 1],
  ['whose seal was cut off', { change: `seal = ''` }, 1],
  ['that says fewer erasures', { change: 'erased = erased + 1' }, 1],
  ['that was put under another event', { change: `event_hash = sha256('')` }, 0],
  [
    'that was put under an event of the chain',
    {
      change: `(sequence, event_hash) = (select sequence, event_hash from events e where e.stream = s.stream and sequence = 2)`,
    },
    1,
  ],
] as const)(
  'a snapshot %s is not believed: all is folded',
  async (_, { key = KEY, change = undefined }: { key?: Buffer; change?: string }, forged) => {
    await send(notes(1), coldWorker().states);
    if (change) await court.database.pool.query(`update stream_states s set ${change} where stream = $1`, [stream]);
    const worker = coldWorker(key);
    await send(notes(1), worker.states);
    expect([worker.folded, worker.forged]).toEqual([['events'], Array(forged).fill(stream)]);
    expect(await court.issuesOf(stream)).toEqual([]);
  },
);

test('an erasure takes every snapshot of its stream along, makes none itself, and older ones are good for nothing', async () => {
  const { rows } = await court.worker.query('select event_type from events where stream = $1 and sequence = 3', [
    stream,
  ]);
  expect(rows).toEqual([{ event_type: 'NOTE' }]);
  await send(notes(1), coldWorker().states);
  await send(notes(1), coldWorker(randomBytes(32)).states);
  expect(await stored()).toHaveLength(2);
  const { rows: kept } = await court.worker.query('select * from stream_states where stream = $1', [stream]);
  const erase = court.order('payload.erase', place, { event_sequence: 3, reason: 'mistake', stream: 'session' });
  await send([erase], coldWorker(randomBytes(32)).states);
  expect(await stored()).toEqual([]);
  // As a worker of an older version leaves it, which knows of no snapshots.
  const put = `insert into stream_states select * from json_populate_recordset(null::stream_states, $1)`;
  await court.database.pool.query(put, [JSON.stringify(kept.map((row) => ({ ...row, ...hexOf(row) })))]);
  const worker = coldWorker();
  await send(notes(1), worker.states);
  expect([worker.folded, worker.forged]).toEqual([['events'], []]);
});

function hexOf(row: Record<string, unknown>) {
  const bytes = Object.entries(row).filter(([, value]) => Buffer.isBuffer(value));
  return Object.fromEntries(bytes.map(([name, value]) => [name, `\\x${(value as Buffer).toString('hex')}`]));
}

test('it is found by its key', async () => {
  const plan = await planOf(court.worker as never, { ...LOAD, values: [[stream], [0], 'key'] }, { isRun: false });
  expect(walksOf(nodesOf(plan))).toEqual([]);
});

test('a worker that dies before it has committed leaves no snapshot, and the next is none the worse', async () => {
  const [note] = notes(1);
  await court.accept(note!);
  const work = workOf([note!]);
  const dying = inTransaction(court.worker, async (db) => {
    const decided = await execute(db, catalog, coldWorker().states, { work, limit: 10 });
    expect(decided.snapshots).toHaveLength(1);
    await record(db, decided);
    const { rows } = await db.query<{ pid: number }>('select pg_backend_pid() as pid');
    await court.database.pool.query('select pg_terminate_backend($1)', [rows[0]!.pid]);
    await db.query('select 1');
  });
  await expect(dying).rejects.toThrow();
  expect(await stored()).toEqual([]);
  const next = coldWorker();
  await court.pass({ work }, next.states);
  expect([next.folded, await stored()]).toEqual([['events'], [{ sequence: LONG + 3, erased: 0 }]]);
  expect(await court.issuesOf(stream)).toEqual([]);
});
