/** Passes of the applier over a database of their own, one by one, with a catalog of the test's choice. No server, no queue. */
import type pg from 'pg';
import type { Decided } from '../../src/core/apply/decideBatch.ts';
import { execute, type PassOptions, record } from '../../src/core/apply/execute.ts';
import { acceptCommands, type Submission } from '../../src/core/apply/inbox.ts';
import { createStates } from '../../src/core/apply/streamStates.ts';
import type { Catalog } from '../../src/core/definitions/command.ts';
import { workOf } from '../../src/core/definitions/stream.ts';
import { inTransaction, openPool } from '../../src/infra/postgres/database.ts';
import { verifyStream } from '../../src/integrity/streams/verifyStreams.ts';
import { cloneDatabase } from './database.ts';
import { admin, match, superAdmin } from './matchFixture.ts';
import { submission } from './submissions.ts';

export interface Place {
  assignment_id: string;
  session_id: string;
}

export type Passes = Awaited<ReturnType<typeof openPasses>>;

export async function openPasses(catalog: Catalog) {
  const database = await cloneDatabase();
  const door = openPool(database.url, 'door', 2, () => {});
  const worker: pg.Pool = openPool(database.url, 'worker', 4, () => {});
  const usual = createStates(catalog);

  const accept = (...batch: Submission[]) => acceptCommands(door as never, batch);

  async function pass(options: Partial<PassOptions> & Pick<PassOptions, 'work'>, states = usual): Promise<Decided> {
    const decided = await inTransaction(worker, (db) => execute(db, catalog, states, { limit: 100, ...options }), {
      last: record,
    });
    states.keep(decided);
    return decided;
  }

  /** Passes until nothing is left to take at once. @returns what each pass came to */
  async function passAll(batch: Submission[], limit = 100): Promise<Decided[]> {
    const passes: Decided[] = [];
    for (let work: PassOptions['work'] = workOf(batch); work.size > 0; work = passes.at(-1)!.again) {
      passes.push(await pass({ work, limit }));
    }
    return passes;
  }

  async function openPlace(): Promise<Place> {
    const create = submission(catalog, 'assignment.create', match, admin);
    const session = submission(catalog, 'session.create', { assignment_id: create.id }, admin);
    await accept(create, session);
    await passAll([create, session]);
    return { assignment_id: create.id, session_id: session.id };
  }

  const order = (name: string, place: Place, more: object = {}, changes: Partial<Submission> = {}) =>
    submission(catalog, name, { session_id: place.session_id, ...more }, superAdmin, { ...place, ...changes });

  const log = (place: Place, n: number) => order('session.log', place, { event_type: 'NOTE', details: { n } });

  async function eventsOf(stream: string) {
    const { rows } = await database.pool.query<{ sequence: number; event_type: string; event_id: string; at: Date }>(
      'select sequence, event_type, event_id, occurred_at as at from events where stream = $1 order by sequence',
      [stream],
    );
    return rows;
  }

  /** What verification finds: nothing, where all is well. */
  const issuesOf = async (stream: string) => (await verifyStream(worker as never, catalog, stream)).issues;

  async function close(): Promise<void> {
    await Promise.all([door.end(), worker.end()]);
    await database.drop();
  }

  return { database, worker, accept, pass, passAll, openPlace, order, log, eventsOf, issuesOf, close };
}

/** The outcomes of some passes by command, each with what its answer says. */
export function outcomesById(passes: Decided[]) {
  const outcomes = passes.flatMap((one) => one.outcomes);
  return new Map(outcomes.map(({ id, status, body }) => [id, { status, ...JSON.parse(body) }]));
}
