/** The nightly verification: every stream, and the guards of the database. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { verifyEverything } from '../../jobs/verify/verifyEverything.ts';
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
    const signed = { origin: 'court.example/log', size: 1, root: 'a'.repeat(64) };
    const told = { is_signer_compared: true, log_issues: 2, guard_findings_opened: 1 };
    expect(await run({ ...bench.tools, signedLast: async () => signed })).toMatchObject(told);
    const [{ issues }] = await openFindings();
    expect(issues).toContainEqual(expect.stringMatching('^Checkpoint mismatch at size 1: signed=aaaa'));
    await run();
    expect(await openFindings()).toEqual([]);
  });

  test('has left the record as it was', async () => {
    expect(await bench.report()).toMatchObject({ system_valid: true });
  });
});
