/**
 * A pass, in the caller's transaction: `execute` locks the streams of a batch, reads their pending commands in inbox
 * order and decides each; `record`, the only function that writes the record, stores what came of it. A rejection is
 * an outcome; a fault of one command holds its stream, so that order is kept, and leaves every other stream alone. So
 * does a stream that cannot be worked on just now: it is postponed, and costs nobody an attempt.
 */
import type { Catalog } from '../definitions/command.ts';
import { addWork, type Work } from '../definitions/stream.ts';
import { groupBy } from '../groupBy.ts';
import { pipelined } from '../sql/pipelined.ts';
import type { Queryable } from '../sql/queryable.ts';
import { type Decided, decideBatch } from './decideBatch.ts';
import { carryOut, prepareErasures } from './erasing.ts';
import type { PendingCommand } from './inbox.ts';
import type { StreamState } from './keptStates.ts';
import { eraseLapsed, lapsingOf } from './lapsing.ts';
import { applyWrites } from './projections.ts';
import { storeSnapshots } from './stateSnapshots.ts';
import type { States } from './streamStates.ts';
import { countErasures, lockStreams, noteFaults, readPending, writeBatch } from './transaction.ts';

export interface PassOptions {
  work: Work;
  /** At most so many commands of one stream. */
  limit: number;
  /** When given, only these commands are decided; their attempt is already counted and committed. */
  preCounted?: ReadonlySet<string>;
  /** When true, a command that may have taken a process down is left alone, and its stream is among the `suspects`. */
  skipSuspects?: boolean;
  /** When given, what the database said when the first command of the work was tried alone. */
  fault?: unknown;
  /** Told which command is being decided, and null when none is any more. */
  watch?: ((command: PendingCommand | null) => void) | undefined;
}

/**
 * One pass over the streams. The caller records what was decided and commits; then it may publish what was exported
 * and keep the states that moved.
 * @throws on any fault of the database; then nothing of the pass is true.
 */
export async function execute(db: Queryable, catalog: Catalog, states: States, options: PassOptions): Promise<Decided> {
  const { heads, busy, pending, now, erasures } = await lockAndRead(db, options);
  // With a fault nothing is decided, and what faulted may have been the loading.
  const deciding = 'fault' in options ? [] : pending.filter(({ streams }) => !streams.some((one) => busy.has(one)));
  const needed = deciding.flatMap((command) => command.streams).filter((stream) => heads.has(stream));
  const atHeads = new Map(needed.map((stream) => [stream, heads.get(stream)!]));
  const { states: known, newer, long } = await states.load(db, atHeads, erasures);
  const current = new Map<string, StreamState>();
  for (const [stream, state] of known) current.set(stream, { head: heads.get(stream)!, state });
  const facts = await loadFacts(db, catalog, deciding);
  const decided = decideBatch({ ...options, catalog, pending, now, current, facts, newer, busy });
  for (const { stream, streams } of ofFullStreams(pending, options.limit)) {
    if (!decided.suspects.has(stream) && !decided.postponed.has(stream)) addWork(decided.again, streams);
  }
  const erasing = await prepareErasures(db, catalog, decided.rows);
  const worthKeeping = new Map<string, StreamState>();
  for (const stream of long) {
    const held = decided.moved.get(stream) ?? current.get(stream);
    // Of what is being erased no copy is made: its state holds the text still.
    if (held && !erasing.some(({ erased }) => erased.stream === stream)) worthKeeping.set(stream, held);
  }
  const lapsing = lapsingOf(catalog, decided.rows);
  return { ...decided, erasures, erasing, lapsing, snapshots: await states.seal(worthKeeping, erasures) };
}

/** Stores events, outcomes, faults and projections. All its statements go out at once. */
export async function record(db: Queryable, decided: Decided): Promise<void> {
  await pipelined([
    ...noteFaults(db, decided.faults),
    writeBatch(db, decided),
    ...applyWrites(db, decided.writes),
    ...storeSnapshots(db, decided.snapshots),
    ...decided.erasing.flatMap((erasing) => carryOut(db, erasing)),
    ...decided.lapsing.flatMap((lapsing) => eraseLapsed(db, lapsing)),
  ]);
}

/** Both statements go out together; the second begins when the first has what locks it gets. */
async function lockAndRead(db: Queryable, { work, limit }: PassOptions) {
  const read = () => readPending(db, [...work.keys()], limit);
  const streams = [...work.values()].flat();
  const [locked, early, erasures] = await pipelined([
    lockStreams(db, work),
    read(),
    countErasures(db, streams),
  ] as const);
  const { pending, now } = locked.hadUnborn ? await read() : early;
  const busy = new Set(streams.filter((stream) => !locked.heads.has(stream)));
  return {
    heads: locked.heads,
    busy,
    pending: pending.filter(({ stream }) => !locked.backingOff.has(stream)),
    now,
    erasures,
  };
}

async function loadFacts(db: Queryable, catalog: Catalog, pending: PendingCommand[]): Promise<Map<string, unknown>> {
  const facts = new Map<string, unknown>();
  for (const [name, asking] of groupBy(pending, (command) => command.name)) {
    const source = catalog.commands.get(name)?.facts;
    if (!source) continue;
    for (const [key, fact] of await source.load(db, asking.map(source.key))) facts.set(`${name} ${key}`, fact);
  }
  return facts;
}

/** Streams that gave as many commands as were asked for may have more. */
function ofFullStreams(pending: PendingCommand[], limit: number): PendingCommand[] {
  const counts = new Map<string, number>();
  for (const { stream } of pending) counts.set(stream, (counts.get(stream) ?? 0) + 1);
  return pending.filter(({ stream }) => counts.get(stream) === limit);
}
