/**
 * Removes files that nothing names: what an upload left that was cut off, or that was kept for a command that was never
 * accepted, or was rejected. A command is accepted within seconds of its file; only what is a day old is looked at. What
 * the chain, the table or any other command names stays, whatever became of it: it is evidence, also of tampering. After
 * a restore a file that is older may be named by a newer backup alone: for a month it is listed, and left.
 */
import type pg from 'pg';
import type { KeptFile } from '../../src/infra/blobFiles.ts';
import { defineJob, type JobTools } from '../job.ts';

export const KEPT_HOURS = 24;
export const KEPT_DAYS_AFTER_RESTORE = 30;
const BATCH = 500;
/** The log has all of them. */
const MOST_LISTED = 100;

// A payload that was tampered with may be no JSON any more: whatever looks like a hash in it names a file.
const NAMED = `
  select file from unnest($1::text[]) as file
  where exists (select from exhibits where sha256 = file::bpchar and title <> '')
    or exists (select from audit_entries where data_sha256 = file and data_sha256 is not null)
    or exists (select from commands
      where name = 'exhibit.upload' and input -> 'file' ->> 'sha256' = file and status <> 'rejected')
  union
  select named[1] from events e join event_payloads p using (stream, sequence)
  cross join lateral regexp_matches(p.payload, '[0-9a-f]{64}', 'g') as named
  where e.event_type = 'EXHIBIT_UPLOADED' and named[1] = any($1)`;

const INSTALLATION = `
  select id, restored_at, date_trunc('milliseconds', clock_timestamp()) as now,
    restored_at + interval '${KEPT_DAYS_AFTER_RESTORE} days' as kept_until
  from installation`;

interface Installation {
  id: string;
  restored_at: string | null;
  kept_until: string | null;
  now: string;
}

export const sweepBlobs = defineJob({
  name: 'sweep.blobs',
  summary: `Removes files older than ${KEPT_HOURS} hours that no exhibit, no audit entry and no command names, but for rejected ones`,
  most_ms: 10 * 60_000,
  async run({ pool, blobs, progress, isOver, log }) {
    const installation = await readInstallation(pool);
    if ((await blobs.readOwner()) !== installation.id) return { skipped: 'the files are not of this installation' };
    const before_ms = Date.now() - KEPT_HOURS * 3_600_000;
    const kept = keptAfterRestore(installation, log);
    const done = { drafts_removed: await blobs.sweepDrafts(before_ms), files_checked: 0, files_removed: 0 };
    let batch: KeptFile[] = [];

    async function sweepBatch(): Promise<void> {
      const { rows } = await pool.query<{ file: string }>(NAMED, [batch.map(({ sha256 }) => sha256)]);
      const named = new Set(rows.map(({ file }) => file));
      for (const { sha256 } of kept.mayGo(batch.filter((one) => !named.has(one.sha256)))) {
        if (await blobs.remove(sha256, before_ms)) done.files_removed += 1;
      }
      done.files_checked += batch.length;
      batch = [];
      await progress(done.files_checked);
    }

    for await (const files of blobs.listOlder(before_ms)) {
      batch.push(...files);
      if (batch.length >= BATCH) await sweepBatch();
      if (isOver()) break;
    }
    if (batch.length > 0 && !isOver()) await sweepBatch();
    return { ...done, ...kept.told() };
  },
});

async function readInstallation(pool: pg.Pool): Promise<Installation> {
  return (await pool.query<Installation>(INSTALLATION)).rows[0]!;
}

/** What is left because a restore is not long ago. */
function keptAfterRestore({ restored_at, kept_until, now }: Installation, log: JobTools['log']) {
  const isKeeping = restored_at !== null && now < kept_until!;
  const restored_ms = isKeeping ? Date.parse(restored_at) : 0;
  const listed: string[] = [];
  let count = 0;

  /** @returns those that may go */
  function mayGo(unnamed: KeptFile[]): KeptFile[] {
    const left = unnamed.filter(({ at_ms }) => at_ms < restored_ms).map(({ sha256 }) => sha256);
    if (left.length > 0) log.warn({ kept_until, files: left }, 'files older than the last restore are kept');
    count += left.length;
    listed.push(...left.slice(0, MOST_LISTED - listed.length));
    return unnamed.filter(({ at_ms }) => at_ms >= restored_ms);
  }

  const told = () => (count === 0 ? {} : { files_kept: count, files_kept_until: kept_until, kept: listed });
  return { mayGo, told };
}
