/**
 * Keeps what verification finds: one open finding for each stream, or for the database itself, however often it is seen;
 * a later clean check resolves it and keeps the row. What is new is said aloud: in the log, in the metrics and on the
 * channel `findings`. Nothing is repaired.
 */

import { newCommandId as newId } from '../../src/core/chain/ids.ts';
import type { JsonObject } from '../../src/core/definitions/event.ts';
import { quietly } from '../../src/infra/console/tellConsole.ts';
import type { JobTools } from '../job.ts';
import { tellOfFinding } from '../notices/tellAdmins.ts';

/** How one stream stands, or with null the database's guards. Without issues it is well. */
export interface StreamVerdict {
  stream: string | null;
  issues: string[];
  issues_omitted: number;
}

export interface KeptFindings {
  /** Findings that were not open before. */
  opened: number;
  resolved: number;
}

/** What it needs of a job's tools. */
export type FindingTools = Pick<JobTools, 'pool' | 'broadcast' | 'metrics' | 'log'>;

export const FINDINGS_CHANNEL = 'findings';
const LOGGED_ISSUES = 10;

/** What an earlier look saw never overwrites what a later one did. A row that was inserted, not updated, has no xmax. */
const OPEN = `
  with before as (
    select stream, issues from findings where coalesce(stream, '') = any($4) and resolved_at is null
  ), opened as (
    insert into findings (id, job, stream, issues, issues_omitted, found_at, last_seen_at)
    select id, $2, stream, issues, issues_omitted, $3, $3
    from json_to_recordset($1) as l (id uuid, stream text, issues jsonb, issues_omitted integer)
    on conflict ((coalesce(stream, ''))) where resolved_at is null do update
    set issues = excluded.issues, issues_omitted = excluded.issues_omitted, last_seen_at = excluded.last_seen_at
    where findings.last_seen_at <= excluded.last_seen_at
    returning id, stream, issues, issues_omitted, xmax = 0 as is_new
  )
  select o.*, o.is_new or b.issues <> o.issues as is_news
  from opened o left join before b on coalesce(b.stream, '') = coalesce(o.stream, '')`;

const RESOLVE = `
  update findings set resolved_at = $2
  where coalesce(stream, '') = any($1) and resolved_at is null and last_seen_at <= $2
  returning id, stream`;

type OpenFinding = StreamVerdict & { id: string; is_new: boolean; is_news: boolean };

/** @param checked_at the database's clock before it was verdicts at */
export async function keepFindings(
  tools: FindingTools,
  job: string,
  checked_at: string,
  verdicts: StreamVerdict[],
): Promise<KeptFindings> {
  const wrong = verdicts.filter(({ issues }) => issues.length > 0);
  const well = verdicts.filter(({ issues }) => issues.length === 0);
  const open = wrong.length === 0 ? [] : await openFindings(tools, job, checked_at, wrong);
  const { rows: resolved } = await tools.pool.query<{ id: string; stream: string | null }>(RESOLVE, [
    keysOf(well),
    checked_at,
  ]);
  for (const finding of open.filter(({ is_news }) => is_news)) await sayOpen(tools, job, finding);
  for (const finding of resolved) {
    tools.log.info({ job, finding_id: finding.id, stream: finding.stream }, 'finding resolved');
    await announce(tools, { state: 'resolved', ...finding });
  }
  return { opened: open.filter(({ is_new }) => is_new).length, resolved: resolved.length };
}

async function openFindings(
  { pool }: FindingTools,
  job: string,
  checked_at: string,
  wrong: StreamVerdict[],
): Promise<OpenFinding[]> {
  const rows = wrong.map(({ stream, issues, issues_omitted }) => ({ id: newId(), stream, issues, issues_omitted }));
  return (await pool.query<OpenFinding>(OPEN, [JSON.stringify(rows), job, checked_at, keysOf(wrong)])).rows;
}

const keysOf = (verdicts: StreamVerdict[]) => verdicts.map(({ stream }) => stream ?? '');

async function sayOpen(tools: FindingTools, job: string, { id, stream, issues, issues_omitted, is_new }: OpenFinding) {
  const shown = issues.slice(0, LOGGED_ISSUES);
  const count = issues.length + issues_omitted;
  tools.metrics.integrityIssues.inc({ job }, count);
  tools.log.error({ job, finding_id: id, stream, issue_count: count, issues: shown }, 'the record does not verify');
  await announce(tools, { state: 'open', id, stream, job, issue_count: count });
  if (is_new) await tellAdmins(tools, { id, stream, issue_count: count });
}

/** The finding itself is kept, and read in its list. */
async function tellAdmins({ pool, broadcast, log }: FindingTools, finding: Parameters<typeof tellOfFinding>[2]) {
  await tellOfFinding(pool, quietly(broadcast), finding).catch((err) =>
    log.warn({ err, finding_id: finding.id }, 'telling admins of a finding failed'),
  );
}

async function announce({ broadcast, metrics, log }: FindingTools, message: JsonObject): Promise<void> {
  await broadcast.publish(FINDINGS_CHANNEL, JSON.stringify(message)).catch((err) => {
    metrics.publishFailures.inc();
    log.debug({ err }, 'announcing finding failed; it is stored');
  });
}
