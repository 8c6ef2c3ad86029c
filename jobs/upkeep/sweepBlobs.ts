/**
 * Removes files that nothing names: what an upload left that was cut off, or that was kept for a command that was never
 * accepted, or was rejected. A command is accepted within seconds of its file; only what is a day old is looked at. What
 * the chain, the table or any other command names stays, whatever became of it: it is evidence, also of tampering.
 */
import { defineJob } from '../job.ts';

export const KEPT_HOURS = 24;
const BATCH = 500;

// A payload that was tampered with may be no JSON any more: whatever looks like a hash in it names a file.
const NAMED = `
  select file from unnest($1::text[]) as file
  where exists (select from exhibits where sha256 = file::bpchar and title <> '')
    or exists (select from commands
      where name = 'exhibit.upload' and input -> 'file' ->> 'sha256' = file and status <> 'rejected')
  union
  select named[1] from events e join event_payloads p using (stream, sequence)
  cross join lateral regexp_matches(p.payload, '[0-9a-f]{64}', 'g') as named
  where e.event_type = 'EXHIBIT_UPLOADED' and named[1] = any($1)`;

export const sweepBlobs = defineJob({
  name: 'sweep.blobs',
  summary: `Removes files older than ${KEPT_HOURS} hours that no exhibit and no command names, but for rejected ones`,
  most_ms: 10 * 60_000,
  async run({ pool, blobs, progress, isOver }) {
    const { rows: own } = await pool.query<{ id: string }>('select id from installation');
    if ((await blobs.readOwner()) !== own[0]!.id) return { skipped: 'the files are not of this installation' };
    const before_ms = Date.now() - KEPT_HOURS * 3_600_000;
    const done = { drafts_removed: await blobs.sweepDrafts(before_ms), files_checked: 0, files_removed: 0 };
    let batch: string[] = [];

    async function sweepBatch(): Promise<void> {
      const { rows } = await pool.query<{ file: string }>(NAMED, [batch]);
      const named = new Set(rows.map(({ file }) => file));
      for (const file of batch.filter((one) => !named.has(one))) {
        if (await blobs.remove(file, before_ms)) done.files_removed += 1;
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
    return done;
  },
});
