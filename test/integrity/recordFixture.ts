/** Real records for the verifier's tests: commands are accepted and executed as the system does it, never faked. */
import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { findScope, type Scope, scopeOfInstitution } from '../../src/access/scope.ts';
import { execute, record } from '../../src/core/apply/execute.ts';
import { acceptCommands, type Submission } from '../../src/core/apply/inbox.ts';
import { createStates } from '../../src/core/apply/streamStates.ts';
import { eventId, newCommandId } from '../../src/core/chain/ids.ts';
import type { Actor, Role } from '../../src/core/definitions/actor.ts';
import type { CommandDefinition } from '../../src/core/definitions/command.ts';
import type { JsonObject } from '../../src/core/definitions/event.ts';
import { workOf } from '../../src/core/definitions/stream.ts';
import { inTransaction, openPool } from '../../src/infra/postgres/database.ts';
import { catalog } from '../../src/modules.ts';

export interface Court {
  verifier: pg.Pool;
  institution_id: string;
  /** Sends commands in one batch. @returns their ids. @throws when one is not applied */
  send(...orders: Order[]): Promise<string[]>;
  assignment(institution_id?: string, more?: JsonObject): Promise<string>;
  session(assignment_id: string, metadata?: JsonObject): Promise<string>;
  /** A statement as a worker: what is outside of every stream. */
  work(text: string, values: readonly unknown[]): Promise<void>;
  /** The same as the role of feeds. */
  feed(text: string, values: readonly unknown[]): Promise<void>;
  close(): Promise<void>;
}

export type Order = [name: string, input: JsonObject, actor?: Pick<Actor, 'id' | 'role'> | undefined];

export const people = {
  admin: randomUUID(),
  petitioner: randomUUID(),
  respondent: randomUUID(),
  judge: randomUUID(),
  bailiff: randomUUID(),
};

export function openCourt(url: string): Court {
  let isClosing = false;
  const failed = (error: Error) => {
    // A pool has ended when it has said goodbye; the server may still be ending the connection when its database is dropped.
    if (!isClosing) throw error;
  };
  const [door, worker, verifier, feeds] = (['door', 'worker', 'verifier', 'feeds'] as const).map((role) =>
    openPool(url, role, 2, failed),
  );
  const states = createStates(catalog);
  const scopes = new Map<string, Scope>();
  const institution_id = randomUUID();

  async function send(...orders: Order[]): Promise<string[]> {
    const batch: Submission[] = [];
    for (const order of orders) batch.push(await submission(order, await scopeOf(order), door!));
    await acceptCommands(door! as never, batch);
    for (let work = workOf(batch); work.size > 0; ) {
      const decided = await inTransaction(worker!, (db) => execute(db, catalog, states, { work, limit: 1_000 }), {
        last: record,
      });
      const refused = decided.outcomes.find((outcome) => outcome.status !== 'applied') ?? decided.faults[0];
      if (refused) throw new Error(JSON.stringify(refused));
      states.keep(decided);
      work = new Map([...decided.again].filter(([stream]) => !decided.moved.has(stream)));
    }
    return batch.map(({ id }) => id);
  }

  async function scopeOf([name, input]: Order): Promise<Scope | null> {
    const target = catalog.commands.get(name)!.target(input);
    if (!target) return null;
    if (target.kind === 'institution') return scopeOfInstitution(target.id);
    const key = `${target.kind}:${target.id}`;
    const scope = scopes.get(key) ?? (await findScope(door! as never, target))!;
    // An assignment without a session may get one.
    if (scope.session_id !== null) scopes.set(key, scope);
    return scope;
  }

  async function assignment(institution: string = institution_id, more: JsonObject = {}): Promise<string> {
    const [id] = await send(['assignment.create', { ...match, ...more, institution_id: institution }]);
    return id!;
  }

  async function session(assignment_id: string, metadata: JsonObject = {}): Promise<string> {
    const [id] = await send(['session.create', { assignment_id, metadata }]);
    return id!;
  }

  async function work(text: string, values: readonly unknown[]): Promise<void> {
    await worker!.query(text, [...values]);
  }

  async function feed(text: string, values: readonly unknown[]): Promise<void> {
    await feeds!.query(text, [...values]);
  }

  async function close(): Promise<void> {
    isClosing = true;
    await Promise.all([door!.end(), worker!.end(), verifier!.end(), feeds!.end()]);
  }

  return { verifier: verifier!, institution_id, send, assignment, session, work, feed, close };
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

async function submission([name, said, sender]: Order, scope: Scope | null, door: pg.Pool): Promise<Submission> {
  const { id: actor_id, role } = sender ?? { id: people.admin, role: 'super_admin' };
  const actor: Actor = { id: actor_id, role, institution_id: null };
  const id = newCommandId();
  const command = catalog.commands.get(name)!;
  const { putAside } = command as Partial<CommandDefinition>;
  const input = putAside ? ((await putAside(door, { id, input: said, actor })) as JsonObject) : said;
  return {
    id,
    name,
    streams: command.streams({ id, input }, scope),
    input,
    actor,
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

/** The same round brought to its end: ruled, ended and sealed. */
export async function completedRound(court: Court, assignment_id: string): Promise<string> {
  const session_id = await playedSession(court, assignment_id);
  const bench = { id: people.judge, role: 'judge' as const };
  const { rows } = await court.verifier.query<{ objection_id: string; turn_id: string }>(
    `select id as objection_id, turn_id from objections where session_id = $1 and state = 'pending'`,
    [session_id],
  );
  const { objection_id, turn_id } = rows[0]!;
  await court.send(
    ['objection.rule', { session_id, objection_id, decision: 'overruled', ruling: 'Go on.' }, bench],
    ['turn.end', { session_id, turn_id }, bench],
    ['session.complete', { session_id, skip_turns: true }, bench],
  );
  return session_id;
}

/** A match that was called off while its session waited. @returns the streams of both */
export async function cancelledMatch(court: Court): Promise<string[]> {
  const assignment_id = await court.assignment();
  const session_id = await court.session(assignment_id);
  const petitioner = { id: people.petitioner, role: 'participant' as const };
  await court.send(['session.join', { session_id, role: 'petitioner' }, petitioner]);
  await court.send(['assignment.update', { assignment_id, courtroom: 'Courtroom 2' }]);
  await court.send(['assignment.cancel', { assignment_id, reason: 'Snow.' }]);
  return [`assignment:${assignment_id}`, `session:${session_id}`];
}

/**
 * A trial in which everything happens that can happen to a turn, an objection and an exhibit, still open at its end. The system's
 * command has no scope to look up, so it is sent as the door would hand it on.
 */
export async function playedSession(court: Court, assignment_id: string): Promise<string> {
  const session_id = await court.session(assignment_id);
  const bench = { id: people.judge, role: 'judge' as const };
  const other = { id: people.respondent, role: 'participant' as const };
  /** The admin enters it. */
  const forTheJudge = { on_behalf_of: people.judge };
  const act = async (name: string, input: JsonObject = {}, sender?: Order[2]) =>
    (await court.send([name, { session_id, ...input }, sender]))[0]!;
  const start = await act('session.start');
  const turn = (n: number) => ({ turn_id: eventId(start, n + 1) });
  const speak = (n: number, speaker_id: string) => act('turn.start', { ...turn(n), speaker_id });
  await act('turn.reserve_rebuttal', { ...turn(5), reserved_ms: 120_000 });
  await act('turn.plan', { ...turn(1), allotted_ms: 420_000 });
  await speak(1, people.petitioner);
  await act('turn.question', { ...turn(1), phase: 'start', judge_id: people.judge });
  await act('turn.question', { ...turn(1), phase: 'end' });
  await act('turn.extend', { ...turn(1), extension_ms: 1_000 }, bench);
  await act('turn.extend', { ...turn(1), extension_ms: 1_000, ...forTheJudge });
  const first = await act('objection.raise', { ...turn(1), ground: 'misrepresentation', reason: 'Page 3.' }, other);
  await act('objection.rule', { objection_id: first, decision: 'sustained', ruling: 'Rephrase.' }, bench);
  const second = await act('objection.raise', { ...turn(1), ground: 'beyond_the_record' }, other);
  await act('objection.withdraw', { objection_id: second }, other);
  await act('turn.take_over', turn(1));
  await act('turn.return', turn(1));
  const file = (n: number) => ({ file: { sha256: `${n}`.repeat(64), size_bytes: n, media_type: 'application/pdf' } });
  const bring = async (n: number, side: string) => ({
    exhibit_id: await act('exhibit.upload', { title: `Exhibit ${n}`, side, ...file(n) }),
  });
  await bring(1, 'petitioner');
  const [map, letter, film] = [
    await bring(2, 'petitioner'),
    await bring(3, 'respondent'),
    await bring(4, 'petitioner'),
  ];
  for (const exhibit of [map, letter, film]) await act('exhibit.mark', exhibit);
  for (const exhibit of [map, letter]) await act('exhibit.tender', exhibit);
  await act('exhibit.rule', { ...map, decision: 'rejected', ruling: 'No foundation.' }, bench);
  await act('exhibit.tender', map);
  await act('exhibit.rule', { ...map, decision: 'admitted', ...forTheJudge });
  await act('exhibit.correct', { ...map, decision: 'rejected', reason: 'It was the letter.' }, bench);
  await act('exhibit.withdraw', film);
  await act('turn.end', turn(1));
  const rest = await act('turn.plan', { continues: turn(1).turn_id });
  await act('turn.start', { turn_id: rest, speaker_id: people.petitioner });
  await act('turn.end', { turn_id: rest });
  await act('turn.waive_rebuttal', turn(5));
  await speak(3, people.respondent);
  const third = await act('objection.raise', { ...turn(3), ground: 'procedural' });
  await act('objection.rule', { objection_id: third, decision: 'reserved' }, bench);
  await act('turn.plan', { ...turn(4), allotted_ms: 420_000 });
  const short = { turn_id: await act('turn.plan', { side: 'respondent', kind: 'argument', allotted_ms: 1 }) };
  await act('objection.rule', { objection_id: third, decision: 'overruled', ...forTheJudge });
  await act('objection.correct', { objection_id: third, decision: 'sustained', reason: 'Misheard.' }, bench);
  await act('turn.end', turn(3));
  await act('turn.start', { ...short, speaker_id: people.respondent });
  await act('turn.question', { ...short, phase: 'start' });
  await act('turn.end', short);
  await act('turn.void', { ...short, reason: 'It was not theirs.' });
  await act('turn.void', { turn_id: rest, reason: 'The time was read wrongly.' }, bench);
  await speak(4, people.respondent);
  await act('objection.raise', { ...turn(4), ground: 'procedural' });
  await act('violation.record', {
    ...turn(3),
    user_id: people.respondent,
    kind: 'late',
    description: 'Late to court.',
  });
  await act('violation.record', { user_id: people.petitioner, kind: 'coaching', description: 'A note was passed.' });
  await act('session.join', { role: 'moderator' }, { id: people.bailiff, role: 'moderator' });
  const replacement = { user_id: randomUUID(), name: 'Noor Haddad' };
  await act('assignment.substitute', { assignment_id, user_id: people.bailiff, replacement, session_id: undefined });
  await act('recording.add', { url: 'https://recordings.example/r/1', title: 'Camera 1' });
  await act('recording.add', { url: 'https://recordings.example/r/2' });
  return session_id;
}
