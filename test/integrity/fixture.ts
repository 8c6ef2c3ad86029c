/**
 * The record that the verifier's tests start from: a completed session of 12 events, an open one, one with a round, a bare
 * assignment, and what is on record beside matches.
 */
import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import type { EventRow } from '../../src/core/chain/ledger.ts';
import { type StreamReport, verifyStream } from '../../src/integrity/streams/verifyStreams.ts';
import { verifyRecord } from '../../src/integrity/verifyRecord.ts';
import { catalog } from '../../src/modules.ts';
import { isEverything } from '../support/everything.ts';
import { playBesides } from './besides.ts';
import { type Court, completedSession, openCourt, playedSession } from './recordFixture.ts';
import { openTamperer, type Tamperer } from './tamper.ts';
import { openTestDatabase, type TestDatabase } from './testDatabase.ts';

export interface Fixture {
  database: TestDatabase;
  court: Court;
  tamperer: Tamperer;
  assignment_id: string;
  session_id: string;
  /** The completed session's, its assignment's, and the open session's. */
  stream: string;
  assignmentStream: string;
  openStream: string;
  /** The stream of a session in which everything happens that can happen in a round. */
  playedStream: string;
  playedAssignmentStream: string;
  /** Those of what is beside matches; the first is a gallery's, and long. */
  besides: string[];
  /** The event of that sequence in the completed session, as it was recorded. */
  at(n: number): EventRow;
  query(text: string, ...values: unknown[]): Promise<unknown>;
  /**
   * The report on the completed session while the change stands. It must be found, and the report on the whole record
   * must say the same of it and nothing of any other stream: in a short run that is looked at once for each kind of finding.
   */
  tampered(change: () => Promise<unknown>): Promise<StreamReport>;
  close(): Promise<void>;
}

export async function openFixture(): Promise<Fixture> {
  const database = await openTestDatabase();
  const court = openCourt(database.url);
  const tamperer = await openTamperer(database.url);
  const assignment_id = await court.assignment();
  const session_id = await completedSession(court, assignment_id);
  const stream = `session:${session_id}`;
  await court.assignment();
  const withGallery = { gallery: 'always', gallery_moderation: 'before' };
  const open = await court.session(await court.assignment(randomUUID(), withGallery));
  await court.send(['session.start', { session_id: open }]);
  await court.send(['session.log', { session_id: open, event_type: 'BENCH_NOTE', details: { text: 'open' } }]);
  const playedAssignment = await court.assignment(randomUUID(), withGallery);
  const played = await playedSession(court, playedAssignment);
  for (const event_sequence of await saidIn(court, played, ['OBJECTION_RAISED', 'PROCEDURAL_VIOLATION'])) {
    await court.send(['payload.erase', { session_id: played, event_sequence, reason: 'mistake', stream: 'session' }]);
  }
  const besides = await playBesides(court, open, played);
  const chain = new Map((await tamperer.chain(stream)).map((row) => [row.sequence, row]));

  const told = new Set<string>();

  function tampered(change: () => Promise<unknown>): Promise<StreamReport> {
    return tamperer.whileChanged(change, async () => {
      const report = await verifyStream(tamperer.db, catalog, stream);
      expect(report.is_valid).toBe(false);
      // All that begins like it: `Hash mismatch at sequence 5` as `Hash mismatch at sequence 12`.
      const kinds = report.issues.map((issue) => issue.replace(/[\d:].*$/s, ''));
      const isNew = kinds.some((kind) => !told.has(kind));
      for (const kind of kinds) told.add(kind);
      if (!isNew && !isEverything) return report;
      expect(await verifyRecord(tamperer.db, catalog, { institution_id: null })).toMatchObject({
        tamper_detected: true,
        system_valid: false,
        invalid_sessions: [{ session_id, issues: report.issues }],
        invalid_streams: [],
      });
      return report;
    });
  }

  async function close(): Promise<void> {
    await tamperer.close();
    await court.close();
    await database.close();
  }

  return {
    database,
    court,
    tamperer,
    assignment_id,
    session_id,
    stream,
    assignmentStream: `assignment:${assignment_id}`,
    openStream: `session:${open}`,
    playedStream: `session:${played}`,
    playedAssignmentStream: `assignment:${playedAssignment}`,
    besides,
    at: (n) => chain.get(n)!,
    query: (text, ...values) => tamperer.db.query(text, values),
    tampered,
    close,
  };
}

/** The last event of each of these types. */
async function saidIn({ verifier }: Court, session_id: string, types: string[]): Promise<number[]> {
  const text = `select max(sequence) as last from events where stream = $1 and event_type = any($2) group by event_type`;
  const { rows } = await verifier.query<{ last: number }>(text, [`session:${session_id}`, types]);
  return rows.map(({ last }) => last);
}
