/** What the relay reads from the record. Rooms get these as arguments; they are all that a room knows of Postgres. */
import type pg from 'pg';
import type { ExportedEvent } from '../core/event.ts';
import type { Queryable } from '../core/queryable.ts';
import { idOf } from '../core/stream.ts';
import { readAllExhibits } from '../exhibits/readExhibits.ts';
import { inTransaction } from '../infra/database.ts';
import { readAllObjections } from '../objections/readObjections.ts';
import { readAllParticipants } from '../participants/readParticipants.ts';
import { readEvents } from '../sessions/readLog.ts';
import { findSession } from '../sessions/readSession.ts';
import { sessionStreamName } from '../sessions/session.ts';
import type { Position, Snapshot } from './messages.ts';

export interface Readers {
  /** Events after a sequence, in order, at most `limit`. */
  readEvents(session_id: string, after: number, limit: number): Promise<ExportedEvent[]>;
  /** The head of each session that has events. */
  readHeads(session_ids: string[]): Promise<Map<string, Position>>;
  /** The session's state together with the head it was folded up to. */
  readSnapshot(session_id: string): Promise<Snapshot>;
}

const ALL = 2 ** 31 - 1;

export function createReaders(pool: pg.Pool): Readers {
  const db = pool as unknown as Queryable;

  async function readHeads(session_ids: string[]): Promise<Map<string, Position>> {
    const text = `
      select stream, sequence as event_sequence, encode(event_hash, 'hex') as event_hash
      from streams where stream = any($1)`;
    const { rows } = await db.query<Position & { stream: string }>({
      name: 'read-heads',
      text,
      values: [session_ids.map(sessionStreamName)],
    });
    return new Map(rows.map(({ stream, ...head }) => [idOf(stream), head]));
  }

  async function readSnapshot(session_id: string): Promise<Snapshot> {
    return inTransaction(
      pool,
      async (transaction) => {
        const session = await findSession(transaction, session_id);
        if (!session) throw new Error(`session ${session_id} is gone`);
        const participants = await readAllParticipants(transaction, session_id);
        const objections = await readAllObjections(transaction, session_id);
        const exhibits = await readAllExhibits(transaction, session_id);
        const { turn, clock } = session;
        return { session, participants, turn, clock, objections, exhibits, head: session.head as never };
      },
      { begin: 'begin isolation level repeatable read read only' },
    );
  }

  return {
    readEvents: (session_id, after, limit) => readEvents(db, sessionStreamName(session_id), after + 1, ALL, limit),
    readHeads,
    readSnapshot,
  };
}
