/**
 * Verifies a rolling part of the record: what has an open finding, then sessions whose head moved since their last
 * check, then those checked longest ago, each with its assignment. Hashes and links are recomputed, the events folded
 * again and every table compared with them. Files are not read, which may be many gigabytes: what `verify.everything`
 * found of them stays found until it has read them again.
 */
import type pg from 'pg';
import { isUuid } from '../../src/core/chain/ids.ts';
import { isFileIssue } from '../../src/core/definitions/files.ts';
import { idOf } from '../../src/core/definitions/stream.ts';
import { readClock } from '../../src/core/sql/databaseClock.ts';
import type { Queryable } from '../../src/core/sql/queryable.ts';
import { newTally } from '../../src/integrity/recordReport.ts';
import { type CheckedPage, checkPages } from '../../src/integrity/streams/checkPages.ts';
import type { StreamName } from '../../src/integrity/streams/streamNames.ts';
import { withFileIssues } from '../../src/integrity/streams/verifyStreams.ts';
import { catalog } from '../../src/modules.ts';
import { defineJob } from '../job.ts';
import { readLastResult } from './lastResult.ts';
import { findMoved } from './movedSessions.ts';
import { keepChecks } from './storeChecks.ts';
import { counted, storeReport } from './storeReport.ts';

const JOB = 'verify.recent';
const MOST = { found: 200, moved: 5_000, oldest: 200 };

const FOUND = `
  select f.stream, coalesce(h.sequence, 0) as sequence
  from findings f left join streams h on h.stream = f.stream
  where f.resolved_at is null and f.stream is not null and f.last_seen_at < $1
  order by f.last_seen_at limit $2`;

const OLDEST = `
  select 'session:' || c.session_id as stream, c.event_sequence as sequence
  from session_checks c where c.checked_at < $1 order by c.checked_at, c.session_id limit $2`;

const ASSIGNMENTS = `
  select 'assignment:' || s.assignment_id as stream, 1 as sequence
  from courtroom_sessions s where s.id = any($1)`;

const OPEN = 'select stream, issues from findings where resolved_at is null and stream = any($1)';

export const verifyRecent = defineJob({
  name: JOB,
  summary: 'Verifies sessions that moved since their last check, then those checked longest ago, tables included',
  most_ms: 120_000,
  async run(tools) {
    const db = tools.verifierPool;
    const tally = newTally(await readClock(db));
    const last = await readLastResult(tools.pool as never, JOB);
    const followed: Followed = { to: last.followed_to };
    const pages = withKnownFaults(tools.pool, checkPages(db, catalog, namesDue(db, followed), null));
    const done = await keepChecks(tools, JOB, counted(tally, pages, false));
    // A part is what there was time for.
    const stored = await storeReport(tools, { job: JOB, scope: 'part', anchors: [], is_complete: true }, tally);
    // Cut off, it begins again where this one began: what it did get to is checked, and passed over.
    const followed_to = done.is_complete ? followed.to : last.followed_to;
    return { ...done, ...stored, ...(typeof followed_to === 'number' && { followed_to }) };
  },
});

async function* withKnownFaults(pool: pg.Pool, pages: AsyncGenerator<CheckedPage>): AsyncGenerator<CheckedPage> {
  for await (const page of pages) {
    const names = page.streams.map(({ stream }) => stream);
    const { rows } = await pool.query<{ stream: string; issues: string[] }>(OPEN, [names]);
    const known = new Map(rows.map(({ stream, issues }) => [stream, issues.filter(isFileIssue)]));
    yield { ...page, streams: page.streams.map((one) => withFileIssues(one, known.get(one.stream) ?? [])) };
  }
}

/** How far the log was followed: as the last run left it, and when it was asked for what moved, as this one does. */
interface Followed {
  to: unknown;
}

/** Each list is asked for when the one before is done, so that nothing is checked twice in a run. */
async function* namesDue(db: Queryable, followed: Followed): AsyncGenerator<StreamName[]> {
  const started = await readClock(db);
  const read = async (text: string, values: unknown[]) => (await db.query<StreamName>(text, values)).rows;
  const assignmentsOf = (sessions: StreamName[]) =>
    read(ASSIGNMENTS, [sessions.map(({ stream }) => idOf(stream)).filter(isUuid)]);
  yield read(FOUND, [started, MOST.found]);
  const moved = await findMoved(db, started, MOST.moved, followed.to);
  followed.to = moved.followed_to;
  yield moved.sessions;
  yield assignmentsOf(moved.sessions);
  const oldest = await read(OLDEST, [started, MOST.oldest]);
  yield oldest;
  yield assignmentsOf(oldest);
}
