/** The timed jobs of the audit trail: each leaves what it says, and a second run finds nothing left to do. */
import { existsSync } from 'node:fs';
import { rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { archiveCheckpoints } from '../../jobs/audit/archiveCheckpoints.ts';
import { batchRecordEvents } from '../../jobs/audit/batchRecordEvents.ts';
import { checkLedgerHealth } from '../../jobs/audit/checkLedgerHealth.ts';
import { recordAuditEvent } from '../../jobs/audit/recordAuditEvent.ts';
import { storeLargeData } from '../../jobs/audit/storeLargeData.ts';
import { syncAuditTrail } from '../../jobs/audit/syncAuditTrail.ts';
import { verifyAuditIntegrity } from '../../jobs/audit/verifyAuditIntegrity.ts';
import { removeErasedFiles } from '../../jobs/court/removeErasedFiles.ts';
import type { TimedJob } from '../../jobs/job.ts';
import { sweepBlobs } from '../../jobs/upkeep/sweepBlobs.ts';
import { verifyEverything } from '../../jobs/verify/verifyEverything.ts';
import { openWorkbench, type Workbench } from '../support/jobTools.ts';
import { INSTITUTION } from '../support/matchFixture.ts';
import { isLeftOut } from '../support/stack.ts';

const HOUR_MS = 3_600_000;
const SETTLED = `
  insert into commands (id, name, stream, streams, input, actor_id, actor_role, institution_id, reply_to, request_id,
    status, outcome, finished_at)
  select gen_random_uuid(), 'guard.unban', 'guard:x', '{guard:x}', '{}', gen_random_uuid(), 'admin', $1, 'r', 'q',
    'applied', '{}', now()
  from generate_series(1, $2::integer)`;
const REFUSED = `
  insert into audit_refusals values (date_trunc('minute', now()) - interval '3 minutes', $1, $2, 'judge', 'GET /n', 'forbidden', 2)`;
const CHECKPOINTS = `
  insert into log_checkpoints (size, root, created_at, note)
  select n, sha256(n::text::bytea), now() - n * interval '-100 days' - interval '500 days', 'x'
  from generate_series(1, 4) as n`;

describe.skipIf(isLeftOut)('the jobs of the audit trail', () => {
  let bench: Workbench;

  beforeAll(async () => {
    bench = await openWorkbench({ movesClock: false });
  });
  afterAll(() => bench.close());

  const pathOf = (sha256: string) => join(bench.blobFolder, sha256.slice(0, 2), sha256.slice(2, 4), sha256);
  const rowsOf = async (text: string, ...values: unknown[]) => (await bench.database.pool.query(text, values)).rows;

  test('sync_audit_trail sends what is left of commands and refusals, once', async () => {
    await rowsOf(SETTLED, INSTITUTION, 620);
    await rowsOf(REFUSED, INSTITUTION, 'a-person');
    const nothing = { behind_seconds: 0, unsigned_seconds: expect.any(Number) };
    expect(await syncAuditTrail.run(bench.tools)).toEqual({ commands: 620, refusals: 1, ...nothing });
    const sent = `select sum(json_array_length(input -> 'entries'))::integer as n from commands where name = 'audit.record'`;
    expect(await rowsOf(sent)).toEqual([{ n: 621 }]);
    expect(await rowsOf('select from audit_refusals')).toEqual([]);
    expect(await syncAuditTrail.run(bench.tools)).toEqual({ commands: 0, refusals: 0, ...nothing });
    expect(await rowsOf(sent)).toEqual([{ n: 621 }]);
  });

  test('sync_audit_trail says how far it is behind where its time is over', async () => {
    await rowsOf(SETTLED, INSTITUTION, 1);
    await rowsOf(`update commands set accepted_at = now() - interval '1 hour' where status = 'accepted'`);
    expect(await syncAuditTrail.run(bench.within(0))).toMatchObject({
      commands: 0,
      behind_seconds: expect.any(Number),
    });
    expect(await syncAuditTrail.run(bench.tools)).toMatchObject({ commands: 1 });
  });

  test('check_blockchain_health finds nothing wrong where nothing is signed yet and files can be written', async () => {
    expect(await checkLedgerHealth.run(bench.tools)).toMatchObject({
      ...{ size: 0, root: null, is_signature_good: null, are_files_writable: true, concerns: [] },
    });
  });

  describe('by hand', () => {
    const facts = { institution_id: INSTITUTION, type: 'admin_action', user_id: 'an-operator', action: 'audit.note' };
    const run = (job: TimedJob, input: object, tools = bench.tools) =>
      job.run({ ...tools, slot: new Date().toISOString(), input: job.input!.parse(input) });
    const entries = () => rowsOf(`select * from audit_entries where user_id = 'an-operator' order by event_sequence`);

    test('record_audit_event puts an entry on a trail', async () => {
      expect(await run(recordAuditEvent, facts)).toEqual({ recorded: 1 });
      expect(await entries()).toMatchObject([{ owner: INSTITUTION, action: 'audit.note', role: 'operator', count: 1 }]);
    });

    test('batch_record_events puts several there, one behind the other', async () => {
      const { institution_id, ...event } = facts;
      const events = ['audit.first', 'audit.second', 'audit.third'].map((action) => ({ ...event, action }));
      expect(await run(batchRecordEvents, { institution_id, events })).toEqual({ recorded: 3 });
      const [before, ...rest] = await entries();
      expect(rest.map(({ action }) => action)).toEqual(events.map(({ action }) => action));
      const sequences = rest.map(({ event_sequence }) => event_sequence - before.event_sequence);
      expect(sequences).toEqual([1, 2, 3]);
    });

    test('store_large_data_ipfs stores a file that no sweep takes, and an entry that names it', async () => {
      const stored = await run(storeLargeData, { ...facts, action: 'audit.file', data: 'ä'.repeat(501) });
      expect(stored).toMatchObject({ recorded: 1, size_bytes: 1_002 });
      const entry = (await entries()).at(-1);
      expect(entry).toMatchObject({ data_sha256: stored.sha256, data_bytes: 1_002 });
      const verified = await run(verifyAuditIntegrity, { entry_id: entry.id });
      expect(verified).toEqual({ entry_id: entry.id, is_valid: true, is_signed: false, issues: [] });
      expect(await run(storeLargeData, { ...facts, data: 'a'.repeat(1_000) })).toEqual({ skipped: expect.any(String) });
      const sha256 = String(stored.sha256);
      const path = pathOf(sha256);
      const old = new Date(Date.now() - 48 * HOUR_MS);
      await utimes(path, old, old);
      expect(await sweepBlobs.run(bench.tools)).toMatchObject({ files_checked: 1, files_removed: 0 });
      await writeFile(path, 'b'.repeat(1_002));
      expect(await run(verifyAuditIntegrity, { entry_id: entry.id })).toMatchObject({ is_valid: false });
      expect(bench.errors.at(-1)).toMatchObject({ msg: 'an entry of the audit trail does not verify' });
      const found = () =>
        rowsOf(`select issues from findings where stream = $1 and resolved_at is null`, `audit:${INSTITUTION}`);
      await verifyEverything.run(bench.tools);
      expect(await found()).toEqual([{ issues: [expect.stringContaining(`File of entry ${entry.id}`)] }]);
      await writeFile(path, 'ä'.repeat(501));
      await verifyEverything.run(bench.tools);
      expect(await found()).toEqual([]);
    });

    test('store_large_data_ipfs stores a file that goes with no exhibit of the same bytes', async () => {
      const data = 'ö'.repeat(501);
      const sha256 = String((await run(storeLargeData, { ...facts, action: 'audit.file', data })).sha256);
      const unnamed = await bench.tools.blobs.receive(Readable.from([Buffer.from('Nobody names it.')]), 1_000);
      await unnamed.keep();
      const old = new Date(Date.now() - HOUR_MS);
      for (const file of [sha256, unnamed.sha256]) await utimes(pathOf(file), old, old);
      const erasing = [sha256, unnamed.sha256].map((sha256) => ({ erased: { remains: { exhibit_id: 'e', sha256 } } }));
      const tools = { ...bench.tools, db: bench.tools.pool };
      await Promise.all(removeErasedFiles({ erasing } as never, tools as never));
      expect(existsSync(pathOf(unnamed.sha256))).toBe(false);
      expect(existsSync(pathOf(sha256))).toBe(true);
    });

    test('verify_audit_integrity finds what was changed', async () => {
      const [entry] = await entries();
      expect(await run(verifyAuditIntegrity, { entry_id: entry.id })).toMatchObject({ is_valid: true });
      await rowsOf('alter table audit_entries disable trigger audit_entries_are_immutable');
      await rowsOf(`update audit_entries set role = 'nobody' where id = $1`, entry.id);
      await rowsOf('alter table audit_entries enable always trigger audit_entries_are_immutable');
      expect(await run(verifyAuditIntegrity, { entry_id: entry.id })).toMatchObject({ is_valid: false });
      const none = '018f3c1e-9999-7111-8111-111111110000';
      expect(await run(verifyAuditIntegrity, { entry_id: none })).toMatchObject({ is_valid: false });
    });

    test.each([recordAuditEvent, batchRecordEvents, storeLargeData, verifyAuditIntegrity])(
      'a task that is told nothing is skipped, and says why',
      async (job) => {
        expect(await run(job, {})).toEqual({ skipped: expect.stringContaining('it is to be told') });
      },
    );
  });

  test('check_blockchain_health says aloud that a signature is not good, and that files cannot be written', async () => {
    await rowsOf(CHECKPOINTS);
    const drafts = join(bench.blobFolder, 'drafts');
    await rm(drafts, { recursive: true, force: true });
    await writeFile(drafts, 'in the way');
    const report = await checkLedgerHealth.run(bench.tools);
    expect(report).toMatchObject({ size: 4, is_signature_good: false, are_files_writable: false });
    expect(report.concerns).toHaveLength(2);
    expect(bench.errors.at(-1)).toMatchObject({ msg: 'the log is not well', concerns: report.concerns });
    await rm(drafts);
    expect(await checkLedgerHealth.run(bench.tools)).toMatchObject({ are_files_writable: true });
  });

  test('cleanup_old_blockchain_records archives references of more than a year ago, and no checkpoint goes', async () => {
    expect(await archiveCheckpoints.run(bench.tools)).toEqual({ archived: 1 });
    expect(await rowsOf('select size::integer from audit_archive')).toEqual([{ size: 1 }]);
    expect(await archiveCheckpoints.run(bench.tools)).toEqual({ archived: 0 });
    expect(await rowsOf('select count(*)::integer as n from log_checkpoints')).toEqual([{ n: 4 }]);
  });
});
