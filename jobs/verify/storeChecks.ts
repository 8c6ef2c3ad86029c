/**
 * Takes checked pages one by one while there is time and keeps what they say: findings, and when each session was last
 * checked. The same page kept twice changes nothing.
 */

import { isUuid } from '../../src/core/chain/ids.ts';
import type { JsonObject } from '../../src/core/definitions/event.ts';
import { idOf, kindOf } from '../../src/core/definitions/stream.ts';
import type { CheckedPage } from '../../src/integrity/streams/checkPages.ts';
import type { JobTools } from '../job.ts';
import { keepFindings } from './storeFindings.ts';

const KEEP = `
  insert into session_checks (session_id, checked_at, event_sequence, is_valid, issues)
  select session_id, $2, event_sequence, is_valid, issues
  from json_to_recordset($1) as c (session_id uuid, event_sequence integer, is_valid boolean, issues jsonb)
  order by session_id
  on conflict (session_id) do update
  set checked_at = excluded.checked_at, event_sequence = excluded.event_sequence, is_valid = excluded.is_valid,
    issues = excluded.issues
  where session_checks.checked_at < excluded.checked_at`;

/** @returns what was done; `is_complete` is false when the time was over before the pages were */
export async function keepChecks(
  tools: JobTools,
  job: string,
  pages: AsyncGenerator<CheckedPage>,
): Promise<JsonObject & { is_complete: boolean }> {
  const done = { streams_checked: 0, events_checked: 0, streams_invalid: 0, findings_opened: 0, findings_resolved: 0 };
  while (!tools.isOver()) {
    const next = await pages.next();
    if (next.done) return { ...done, is_complete: true };
    const { checked_at, streams } = next.value;
    if (streams.length === 0) continue;
    // Findings first: what is cut off in between is due again, and found again.
    const { opened, resolved } = await keepFindings(tools, job, checked_at, streams);
    await keepPage(tools, next.value);
    done.streams_checked += streams.length;
    done.findings_opened += opened;
    done.findings_resolved += resolved;
    for (const { events_checked, is_valid } of streams) {
      done.events_checked += events_checked;
      if (!is_valid) done.streams_invalid += 1;
    }
    await tools.progress(done.streams_checked);
  }
  return { ...done, is_complete: false };
}

async function keepPage({ pool }: JobTools, { checked_at, streams }: CheckedPage): Promise<void> {
  const checks = streams
    .filter(({ stream }) => kindOf(stream) === 'session' && isUuid(idOf(stream)))
    .map(({ stream, is_valid, issues, head }) => ({
      session_id: idOf(stream),
      event_sequence: head?.event_sequence ?? 0,
      is_valid,
      issues,
    }));
  if (checks.length > 0) await pool.query(KEEP, [JSON.stringify(checks), checked_at]);
}
