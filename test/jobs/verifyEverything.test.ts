/** The nightly verification: every stream, and the guards of the database. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { KEPT_REPORTS } from '../../jobs/verify/storeReport.ts';
import { verifyEverything } from '../../jobs/verify/verifyEverything.ts';
import type { JsonObject } from '../../src/core/definitions/event.ts';
import { formatNote } from '../../src/core/proof/note.ts';
import { openNote } from '../../src/core/proof/openNote.ts';
import { drawSeed, signingKey, signText } from '../../src/core/proof/signNote.ts';
import { completedSession } from '../integrity/recordFixture.ts';
import { openWorkbench, type Workbench } from '../support/jobTools.ts';
import { isLeftOut } from '../support/stack.ts';

describe.skipIf(isLeftOut)('verify.everything', () => {
  let bench: Workbench;
  let session_id: string;

  beforeAll(async () => {
    bench = await openWorkbench({ movesClock: false });
    session_id = await completedSession(bench.court, await bench.court.assignment());
    await bench.court.assignment();
  });

  afterAll(() => bench.close());

  const rows = async (text: string, ...values: unknown[]) => (await bench.database.pool.query(text, values)).rows;
  const openFindings = () => rows('select * from findings where resolved_at is null');
  const run = (tools = bench.tools) => verifyEverything.run(tools);
  const lastRun = async () => {
    const [row] =
      await rows(`select id, job, scope, level, verdict, counts, findings, findings_omitted, anchors, started_at,
      finished_at, signed_report as report from integrity_runs order by asked_at desc limit 1`);
    const at = (instant: Date) => instant.toISOString();
    return { ...row, started_at: at(row.started_at), finished_at: at(row.finished_at) };
  };

  test('checks every stream, also an assignment without a session', async () => {
    const counts = { streams_checked: 3, events_checked: 14, streams_invalid: 0, guard_issues: 0 };
    expect(await run()).toMatchObject({ ...counts, is_complete: true });
    const checks = await rows('select session_id, event_sequence, is_valid from session_checks');
    expect(checks).toEqual([{ session_id, event_sequence: 12, is_valid: true }]);
    expect(await openFindings()).toEqual([]);
  });

  test('finds a row that no event wrote, and resolves the finding when it is gone', async () => {
    // Who forges a row of a completed session takes its guard away first.
    const frozen = 'trigger session_participations_are_frozen';
    await rows(`alter table session_participations disable ${frozen}`);
    await rows(`insert into session_participations (id, session_id, user_id, name, role, status, joined_at, connection_count)
      values (gen_random_uuid(), '${session_id}', gen_random_uuid(), 'Nobody', 'judge', 'connected', now(), 1)`);
    await rows(`alter table session_participations enable always ${frozen}`);
    expect(await run()).toMatchObject({ streams_invalid: 1, findings_opened: 1 });
    expect(await run()).toMatchObject({ streams_invalid: 1, findings_opened: 0 });
    expect(await openFindings()).toMatchObject([
      { stream: `session:${session_id}`, issues: [expect.stringContaining('the chain knows no such row')] },
    ]);
    await rows(`alter table session_participations disable ${frozen}`);
    await rows(`delete from session_participations where name = 'Nobody'`);
    await rows(`alter table session_participations enable always ${frozen}`);
    expect(await run()).toMatchObject({ streams_invalid: 0, findings_resolved: 1 });
    expect(await openFindings()).toEqual([]);
  });

  test('finds a guard of the database that was switched off, once, and that it is back', async () => {
    await rows('alter table events disable trigger events_stay');
    expect(await run()).toMatchObject({ guard_issues: 1, guard_findings_opened: 1, streams_invalid: 0 });
    expect(await run()).toMatchObject({ guard_issues: 1, guard_findings_opened: 0 });
    const issues = ['Guard disabled: trigger events_stay of events'];
    expect(await openFindings()).toMatchObject([{ stream: null, job: 'verify.everything', issues }]);
    await rows('alter table events enable always trigger events_stay');
    expect(await run()).toMatchObject({ guard_issues: 0 });
    expect(await openFindings()).toEqual([]);
    expect(await rows('select from findings where stream is null')).toHaveLength(1);
  });

  test('cut off it says so, and run again it leaves nothing out, whatever is written about earlier checks', async () => {
    expect(await run(bench.within(0))).toMatchObject({ streams_checked: 0, is_complete: false });
    await rows(`update session_checks set checked_at = '2100-01-01'`);
    expect(await run()).toMatchObject({ streams_checked: 3, is_complete: true });
    expect(await run()).toMatchObject({ streams_checked: 3, is_complete: true });
  });

  test('compares the log with what the signer signed last, where its state is on this host', async () => {
    expect(await run()).toMatchObject({ is_signer_compared: false, log_issues: 0 });
    const signed = { size: 1, root: 'a'.repeat(64), signed_by: ['court.example/log+0a1b2c3d'], cosigned_by: [] };
    const told = { is_signer_compared: true, log_issues: 2, guard_findings_opened: 1 };
    expect(await run({ ...bench.tools, signedLast: async () => signed })).toMatchObject(told);
    const [{ issues }] = await openFindings();
    const { verdict, level, anchors } = await lastRun();
    expect({ verdict, level, anchors }).toEqual({
      verdict: 'tampered',
      level: 'log',
      anchors: [{ from: 'signer', ...signed }],
    });
    expect(issues).toContainEqual(expect.stringMatching('^Checkpoint mismatch at size 1: signed=aaaa'));
    await run();
    expect(await openFindings()).toEqual([]);
  });

  test('stores each run with a report that was signed over all that is said of it', async () => {
    const key = signingKey('court.example/log/head', 'ed25519', drawSeed());
    const sign = async (text: string) => formatNote({ text, signatures: [signText(text, key)] });
    const { run_id, verdict } = await run({ ...bench.tools, sign });
    expect(verdict).toBe('intact@self');
    const { id, report, counts, ...row } = await lastRun();
    expect(id).toBe(run_id);
    expect(row).toMatchObject({
      job: 'verify.everything',
      scope: 'all',
      level: 'self',
      verdict,
      findings: [],
      anchors: [],
    });
    expect(counts).toMatchObject({ stream: 3, state: 3, event: 14, leaf: 0 });
    expect(JSON.parse((await openNote(report, [key])).text)).toEqual({
      ...{ id, counts, ...row },
      ...{ state: 'done', progress: { done: 3, total: 3 } },
    });
  });

  test('is not intact where its time was over before all was checked, nor where nothing was there', async () => {
    expect(await run(bench.within(0))).toMatchObject({ verdict: 'unverifiable' });
    expect(await lastRun()).toMatchObject({ verdict: 'unverifiable', report: null });
  });

  test('keeps so many reports, and those that were asked for besides', async () => {
    await rows(`insert into integrity_runs (id, job, state, is_leveled, asked_at, finished_at, report)
      select gen_random_uuid(), 'verify.everything', 'done', true, now() - n * interval '1 minute', now(), '{}'
      from generate_series(1, ${KEPT_REPORTS}) n`);
    await rows(
      `insert into integrity_runs (id, state, asked_at, finished_at, report) values (gen_random_uuid(), 'done', '2020-01-01', now(), '{}')`,
    );
    await run();
    const kept = await rows('select job, count(*)::integer as count from integrity_runs group by job order by job');
    expect(kept).toEqual([
      { job: 'verify.everything', count: KEPT_REPORTS },
      { job: null, count: 1 },
    ]);
  });

  test('goes on where the last run had not time for all, and comes through all of it in the end, whatever is said of that', async () => {
    const order = () => ['assignment.create', assignment()] as [string, JsonObject];
    await bench.court.send(...Array.from({ length: 230 }, order));
    const ended = (result: object) =>
      rows(
        `insert into schedule_ticks (name, slot, id, queue, term, status, finished_at, result)
         values ('verify.everything', clock_timestamp(), gen_random_uuid(), 'integrity', 1, 'succeeded', now(), $1)`,
        JSON.stringify(result),
      );
    const first = await run(bench.within(1));
    expect(first).toMatchObject({ streams_checked: 200, is_complete: false });
    await ended(first);
    // Those that were left, and no more of those that were checked than are in a page.
    const second = await run(bench.within(1));
    expect(second).toMatchObject({ streams_checked: 33, is_complete: false });
    await ended({ stopped_after: 'zzz' });
    const whole = await run();
    expect(whole).toMatchObject({ streams_checked: 233, is_complete: true });
    expect(whole).not.toHaveProperty('stopped_after');
  });

  test('has left the record as it was', async () => {
    expect(await bench.report()).toMatchObject({ system_valid: true });
  });
});

function assignment() {
  const seat = (name: string) => ({ user_id: randomUUID(), name });
  return {
    ...{ institution_id: randomUUID(), title: 'One of many', courtroom: 'Courtroom 2', moderators: [] },
    ...{ petitioner: [seat('Ada')], respondent: [seat('Rui')], panel: [{ ...seat('Okafor'), presiding: true }] },
    ...{ scheduled_at: '2026-11-21T10:00:00.000Z', visibility: 'private', format: 'moot-20' },
  };
}
