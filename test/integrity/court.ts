/** Real records for the verifier's tests: commands are accepted and executed as the system does it, never faked. */
import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { findScope, type Scope } from '../../src/assignments/scope.ts';
import { book } from '../../src/commands.ts';
import type { JsonObject } from '../../src/core/event.ts';
import { execute, record } from '../../src/core/execute.ts';
import { newCommandId } from '../../src/core/ids.ts';
import { acceptCommands, type Submission } from '../../src/core/inbox.ts';
import type { Role } from '../../src/core/roles.ts';
import { createStates } from '../../src/core/states.ts';
import { workOf } from '../../src/core/stream.ts';
import { inTransaction, openPool } from '../../src/infra/database.ts';

export interface Court {
  verifier: pg.Pool;
  institution_id: string;
  /** Sends commands in one batch. @returns their ids. @throws when one is not applied */
  send(...orders: Order[]): Promise<string[]>;
  assignment(institution_id?: string): Promise<string>;
  session(assignment_id: string, metadata?: JsonObject): Promise<string>;
  close(): Promise<void>;
}

export type Order = [name: string, input: JsonObject, actor?: { id: string; role: Role }];

export const people = {
  admin: randomUUID(),
  petitioner: randomUUID(),
  respondent: randomUUID(),
  judge: randomUUID(),
  bailiff: randomUUID(),
};

export function openCourt(url: string): Court {
  const failed = (error: Error) => {
    throw error;
  };
  const [door, worker, verifier] = (['door', 'worker', 'verifier'] as const).map((role) =>
    openPool(url, role, 2, failed),
  );
  const states = createStates(book);
  const scopes = new Map<string, Scope>();
  const institution_id = randomUUID();

  async function send(...orders: Order[]): Promise<string[]> {
    const batch: Submission[] = [];
    for (const order of orders) batch.push(submission(order, await scopeOf(order)));
    await acceptCommands(door! as never, batch);
    for (let work = workOf(batch); work.size > 0; ) {
      const decided = await inTransaction(worker!, (db) => execute(db, book, states, { work, limit: 1_000 }), {
        last: record,
      });
      const refused = decided.outcomes.find((outcome) => outcome.status !== 'applied') ?? decided.faults[0];
      if (refused) throw new Error(JSON.stringify(refused));
      for (const [stream, held] of decided.moved) states.keep(stream, held);
      work = new Map([...decided.again].filter(([stream]) => !decided.moved.has(stream)));
    }
    return batch.map(({ id }) => id);
  }

  async function scopeOf([name, input]: Order): Promise<Scope | null> {
    const target = book.commands.get(name)!.target(input);
    if (!target) return null;
    const key = `${target.kind}:${target.id}`;
    const scope = scopes.get(key) ?? (await findScope(door! as never, target))!;
    scopes.set(key, scope);
    return scope;
  }

  async function assignment(institution: string = institution_id): Promise<string> {
    const [id] = await send(['assignment.create', { ...match, institution_id: institution }]);
    return id!;
  }

  async function session(assignment_id: string, metadata: JsonObject = {}): Promise<string> {
    const [id] = await send(['session.create', { assignment_id, metadata }]);
    return id!;
  }

  async function close(): Promise<void> {
    await Promise.all([door!.end(), worker!.end(), verifier!.end()]);
  }

  return { verifier: verifier!, institution_id, send, assignment, session, close };
}

const match = {
  title: 'Meridian v. Harbour Authority',
  courtroom: 'Courtroom 1',
  scheduled_at: '2026-11-21T10:00:00.000Z',
  petitioner: [{ user_id: people.petitioner, name: 'Ada “Petrova”' }],
  respondent: [{ user_id: people.respondent, name: 'Rui Santos' }],
  panel: [{ user_id: people.judge, name: 'Judge Okafor', presiding: true }],
  moderators: [{ user_id: people.bailiff, name: 'Sam Bailey' }],
  visibility: 'institution',
  format: 'moot-20',
};

function submission([name, input, sender]: Order, scope: Scope | null): Submission {
  const { id: actor_id, role } = sender ?? { id: people.admin, role: 'super_admin' };
  const id = newCommandId();
  return {
    id,
    name,
    streams: book.commands.get(name)!.streams({ id, input }, scope),
    input,
    actor: { id: actor_id, role, institution_id: null },
    institution_id: null,
    expected_sequence: null,
    idempotency: null,
    fingerprint: '00',
    reply_to: 'nobody',
    request_id: id,
    redrive_of: null,
  };
}

/** A completed session of 12 events, with one of every type there is. */
export async function completedSession(court: Court, assignment_id: string): Promise<string> {
  const session_id = await court.session(assignment_id, {
    round: 3,
    note: 'Größe — 😀',
    nested: { b: [1, null], a: true },
  });
  const as = (id: string, role: Role = 'participant') => ({ id, role });
  const { petitioner, respondent, judge } = people;
  await court.send(['session.join', { session_id, role: 'petitioner' }, as(petitioner)]);
  await court.send([
    'session.join',
    { session_id, role: 'respondent', client_info: { agent: 'tablet' } },
    as(respondent),
  ]);
  await court.send(['session.start', { session_id }]);
  await court.send([
    'session.log',
    { session_id, event_type: 'BENCH_NOTE', details: { text: 'May it please the court' } },
  ]);
  await court.send(['session.pause', { session_id, reason: 'Recess' }], ['session.resume', { session_id }]);
  await court.send(['session.leave', { session_id }, as(petitioner)]);
  await court.send(['session.join', { session_id, role: 'petitioner' }, as(petitioner)]);
  await court.send(['session.log', { session_id, event_type: 'SCORE', details: { points: 71 } }]);
  await court.send(['session.join', { session_id, role: 'judge' }, as(judge, 'judge')]);
  await court.send(['session.complete', { session_id, recording_url: 'https://example.org/r/1' }, as(judge, 'judge')]);
  return session_id;
}
