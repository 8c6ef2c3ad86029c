/** The rolling verification: what it looks at first, and what becomes of what it finds. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { FINDINGS_CHANNEL } from '../../jobs/verify/storeFindings.ts';
import { verifyRecent } from '../../jobs/verify/verifyRecent.ts';
import type { JsonObject } from '../../src/core/definitions/event.ts';
import type { Order } from '../integrity/recordFixture.ts';
import { openWorkbench, type Workbench } from '../support/jobTools.ts';
import { sequenceAll } from '../support/logStreams.ts';
import { isLeftOut } from '../support/stack.ts';

describe.skipIf(isLeftOut)('verify.recent', () => {
  let bench: Workbench;

  beforeAll(async () => {
    bench = await openWorkbench();
  });

  afterAll(() => bench.close());

  const rows = async (text: string, ...values: unknown[]) => (await bench.database.pool.query(text, values)).rows;
  const checkOf = async (id: string) => (await rows('select * from session_checks where session_id = $1', id))[0];
  const findings = () => rows('select * from findings order by found_at, id');
  const open = async () => bench.court.session(await bench.court.assignment());
  const start = (session_id: string) => bench.court.send(['session.start', { session_id }]);
  const run = (tools = bench.tools) => verifyRecent.run(tools);

  test('checks each session with its assignment, and keeps when and how far', async () => {
    const session_id = await open();
    expect(await run()).toMatchObject({ streams_invalid: 0, findings_opened: 0, is_complete: true });
    expect(await checkOf(session_id)).toMatchObject({ event_sequence: 1, is_valid: true, issues: [] });
    expect(await findings()).toEqual([]);
  });

  test('looks again at what has moved, before what was checked longest ago', async () => {
    const [still, moving] = [await open(), await open()];
    await run();
    const [before, first] = [await checkOf(still), await checkOf(moving)];
    await start(moving);
    // Time for the page of what moved alone.
    expect(await run(bench.within(1))).toMatchObject({ streams_checked: 1, is_complete: false });
    expect(await checkOf(still)).toEqual(before);
    const after = await checkOf(moving);
    expect(after.event_sequence).toBe(2);
    expect(after.checked_at > first.checked_at).toBe(true);
    await run();
    expect((await checkOf(still)).checked_at > before.checked_at).toBe(true);
  });

  describe('of a record that somebody changed', () => {
    let session_id: string;
    let heard: { [key: string]: unknown }[];

    beforeEach(async () => {
      session_id = await open();
      await run();
      heard = [];
      const end = await bench.tools.broadcast.subscribe(FINDINGS_CHANNEL, (text) => heard.push(JSON.parse(text)));
      bench.errors.length = 0;
      return end;
    });

    const retitle = (title: string) =>
      rows('update courtroom_sessions set title = $2 where id = $1', session_id, title);

    test('opens one finding however often it looks, says it once, and resolves it when the rows agree again', async () => {
      const [{ title }] = await rows('select title from courtroom_sessions where id = $1', session_id);
      const issue = `Projection mismatch in courtroom_sessions ${session_id}: title is "Changed", the chain says "${title}"`;
      const stream = `session:${session_id}`;
      await retitle('Changed');
      const { run_id } = await run();
      const [report] = await rows('select job, scope, verdict, findings from integrity_runs where id = $1', run_id);
      expect(report).toMatchObject({ job: 'verify.recent', scope: 'part', verdict: 'tampered' });
      const got = `courtroom_sessions ${session_id}: title is "Changed"`;
      expect(report.findings).toContainEqual(expect.objectContaining({ check: 'state', stream, got }));
      expect(await run()).toMatchObject({ streams_invalid: 1, findings_opened: 0, verdict: 'tampered' });
      const [kept, ...others] = (await findings()).filter((one) => one.stream === stream);
      expect(others).toEqual([]);
      expect(kept).toMatchObject({ job: 'verify.recent', issues: [issue], issues_omitted: 0, resolved_at: null });
      expect(kept.last_seen_at > kept.found_at).toBe(true);
      expect(await checkOf(session_id)).toMatchObject({ is_valid: false, issues: [issue] });
      expect(bench.errors).toMatchObject([{ finding_id: kept.id, stream, issues: [issue], job: 'verify.recent' }]);

      await retitle(title);
      expect(await run()).toMatchObject({ streams_invalid: 0, findings_resolved: 1 });
      const [resolved] = (await findings()).filter((one) => one.stream === stream);
      expect(resolved).toMatchObject({ id: kept.id, issues: [issue], resolved_at: expect.any(Date) });
      expect(await checkOf(session_id)).toMatchObject({ is_valid: true, issues: [] });
      const told = [
        { state: 'open', id: kept.id, stream, job: 'verify.recent', issue_count: 1 },
        { state: 'resolved', id: kept.id, stream },
      ];
      await vi.waitFor(() => expect(heard).toEqual(told), 20_000);

      await retitle('Changed');
      await run();
      expect((await findings()).filter((one) => one.stream === stream)).toHaveLength(2);
      await retitle(title);
      await run();
    });

    test('says it again when more is found, in the same finding', async () => {
      const [{ title }] = await rows('select title from courtroom_sessions where id = $1', session_id);
      const counted = async () => (await bench.tools.metrics.integrityIssues.get()).values[0]?.value ?? 0;
      const before = await counted();
      await retitle('Changed');
      await run();
      await rows(`update courtroom_sessions set courtroom = 'Elsewhere' where id = $1`, session_id);
      await run();
      const [kept, ...others] = (await findings()).filter((one) => one.resolved_at === null);
      expect([kept.issues.length, others]).toEqual([2, []]);
      expect(bench.errors.map((line) => line.issue_count)).toEqual([1, 2]);
      expect((await counted()) - before).toBe(3);
      await retitle(title);
      await rows(`update courtroom_sessions set courtroom = 'Courtroom 1' where id = $1`, session_id);
      await run();
    });

    test('finds what was done to the assignment of a session that has not moved', async () => {
      const [{ assignment_id }] = await rows('select assignment_id from courtroom_sessions where id = $1', session_id);
      const rename = (name: string) =>
        rows(`update rosters set name = $2 where assignment_id = $1 and role = 'respondent'`, assignment_id, name);
      await rename('Somebody Else');
      expect(await run()).toMatchObject({ findings_opened: 1 });
      expect((await findings()).map(({ stream }) => stream)).toContain(`assignment:${assignment_id}`);
      await rename('Rui Santos');
      expect(await run()).toMatchObject({ findings_resolved: 1 });
    });
  });

  test('goes on where it was cut off, and begins nothing when its time is over before', async () => {
    const many = (name: string, inputs: JsonObject[]) =>
      bench.court.send(...inputs.map((input): Order => [name, input]));
    const assignments = await many('assignment.create', Array.from({ length: 450 }, assignment));
    await many(
      'session.create',
      assignments.map((assignment_id) => ({ assignment_id })),
    );
    const unchecked = async () =>
      (
        await rows(`select from courtroom_sessions s
        where not exists (select from session_checks c where c.session_id = s.id)`)
      ).length;
    expect(await run(bench.within(0))).toMatchObject({ streams_checked: 0, is_complete: false });
    expect(await unchecked()).toBe(450);
    expect(await run(bench.within(2))).toMatchObject({ streams_checked: 400, is_complete: false });
    expect(await unchecked()).toBe(50);
    expect(await run()).toMatchObject({ is_complete: true });
    expect(await unchecked()).toBe(0);
  });

  describe('of a record that has a log', () => {
    let slot = Date.UTC(2026, 0, 1);
    const runNext = async () => {
      const result = await run();
      slot += 600_000;
      await rows(
        `insert into schedule_ticks (name, slot, id, queue, term, status, finished_at, result)
         values ('verify.recent', $1, gen_random_uuid(), 'integrity', 1, 'succeeded', now(), $2)`,
        new Date(slot),
        result,
      );
      return result;
    };
    const checked = async (id: string) => (await checkOf(id))?.event_sequence;

    test('looks at what the log has more than at the last run, and loses nothing where it was cut off', async () => {
      const { pool } = bench.tools;
      await sequenceAll(pool);
      const [{ size }] = await rows('select size from log_state');
      expect(await runNext()).toMatchObject({ followed_to: Number(size), is_complete: true });
      const [unlogged, other] = [await open(), await open()];
      await runNext();
      // No session was compared with its check: there would be two.
      expect([await checked(unlogged), await checked(other)]).toEqual([undefined, undefined]);
      await sequenceAll(pool);
      const cutOff = await run(bench.within(1));
      expect(cutOff).toMatchObject({ is_complete: false, followed_to: Number(size) });
      expect(await runNext()).toMatchObject({ is_complete: true, followed_to: Number(size) + 4 });
      expect([await checked(unlogged), await checked(other)]).toEqual([1, 1]);
      await start(other);
      await sequenceAll(pool);
      expect(await runNext()).toMatchObject({ followed_to: Number(size) + 5 });
      expect([await checked(unlogged), await checked(other)]).toEqual([1, 2]);
    });

    test('compares all where the last run saw more of a log than there is', async () => {
      await rows(`update schedule_ticks set result = '{"followed_to": 1000000}' where name = 'verify.recent'`);
      const session_id = await open();
      await runNext();
      expect(await checked(session_id)).toBe(1);
      await rows(`delete from schedule_ticks where name = 'verify.recent'`);
    });
  });

  test('is not stopped by a stream that is named like none of ours, whose finding stays when the stream is gone', async () => {
    const stream = 'session:nobody-knows';
    await rows(
      `insert into streams (stream, sequence, event_hash) values ($1, 1, decode(repeat('11', 32), 'hex'))`,
      stream,
    );
    expect(await run()).toMatchObject({ streams_invalid: 1, findings_opened: 1, is_complete: true });
    await rows('alter table streams disable trigger streams_stay');
    await rows('delete from streams where stream = $1', stream);
    await rows('alter table streams enable always trigger streams_stay');
    expect(await run()).toMatchObject({ streams_invalid: 1, findings_opened: 0, findings_resolved: 0 });
    expect((await findings()).filter((one) => one.resolved_at === null)).toMatchObject([
      { stream, issues: ['Stream missing: no event is recorded'] },
    ]);
  });

  test('has left the record as it was', async () => {
    expect(await bench.report()).toMatchObject({ system_valid: true, invalid_sessions: [], invalid_streams: [] });
  });
});

function assignment() {
  const seat = (name: string) => ({ user_id: randomUUID(), name });
  return {
    ...{ institution_id: randomUUID(), title: 'One of many', courtroom: 'Courtroom 2', moderators: [] },
    ...{ petitioner: [seat('Ada')], respondent: [seat('Rui Santos')], panel: [{ ...seat('Okafor'), presiding: true }] },
    ...{ scheduled_at: '2026-11-21T10:00:00.000Z', visibility: 'private', format: 'moot-20' },
  };
}
