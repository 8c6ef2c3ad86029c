/** Sessions that were left open are ended by a command of the system, and no others. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { closeStale } from '../../jobs/court/closeStale.ts';
import { people } from '../integrity/recordFixture.ts';
import { openWorkbench, type Workbench } from '../support/jobTools.ts';
import { isLeftOut } from '../support/stack.ts';

describe.skipIf(isLeftOut)('close.stale', () => {
  let bench: Workbench;

  beforeAll(async () => {
    bench = await openWorkbench();
  });

  afterAll(() => bench.close());

  const rows = async (text: string, ...values: unknown[]) => (await bench.database.pool.query(text, values)).rows;
  const statusOf = async (id: string) =>
    (await rows('select status from courtroom_sessions where id = $1', id))[0].status;

  async function open(...verbs: string[]): Promise<string> {
    const session_id = await bench.court.session(await bench.court.assignment());
    for (const verb of verbs) await bench.court.send([`session.${verb}`, { session_id }]);
    return session_id;
  }

  test('completes what was active or paused and is silent for 12 hours; what is pending or was heard of stays', async () => {
    await bench.hoursAgo(13);
    const [active, paused, pending, completed] = [
      await open('start'),
      await open('start', 'pause'),
      await open(),
      await open('start', 'complete'),
    ];
    const petitioner = { id: people.petitioner, role: 'participant' } as const;
    await bench.court.send(['session.join', { session_id: active, role: 'petitioner' }, petitioner]);
    const alive = await open('start');
    await bench.hoursAgo(11);
    await bench.court.send(['session.log', { session_id: alive, event_type: 'NOTE', details: {} }]);
    await bench.hoursAgo(0);

    expect(await closeStale.run(bench.tools)).toEqual({ sent: 2, is_complete: true });
    const statuses = [active, paused, pending, completed, alive].map(statusOf);
    expect(await Promise.all(statuses)).toEqual(['completed', 'completed', 'pending', 'completed', 'active']);

    const ends = await rows(
      `select event_type, actor_id, payload from events join event_payloads using (stream, sequence)
       where stream = $1 order by sequence desc limit 2`,
      `session:${active}`,
    );
    expect(ends.map(({ event_type, actor_id }) => `${event_type} by ${actor_id}`)).toEqual([
      'SESSION_COMPLETED by system',
      'SESSION_LAPSED by system',
    ]);
    expect(JSON.parse(ends[1].payload).reason).toMatch('12 hours');
    expect(await rows(`select status from session_participations where session_id = $1`, active)).toEqual([
      { status: 'disconnected' },
    ]);
  });

  test('run twice it sends nothing twice, also when the first commands still wait', async () => {
    await bench.hoursAgo(13);
    const session_id = await open('start');
    await bench.hoursAgo(0);
    const keys: string[] = [];
    const waiting = { ...bench.tools, send: async ({ key }: { key: string }) => void keys.push(key) };
    await closeStale.run(waiting);
    await closeStale.run(waiting);
    expect([keys.length, new Set(keys).size]).toEqual([2, 1]);
    await closeStale.run(bench.tools);
    expect(await closeStale.run(bench.tools)).toEqual({ sent: 0, is_complete: true });
    expect(await statusOf(session_id)).toBe('completed');
    expect(
      await rows(`select from commands where name = 'session.lapse' and stream = $1`, `session:${session_id}`),
    ).toHaveLength(1);
  });

  test('a session that was heard of after the job saw it is left open by the command', async () => {
    await bench.hoursAgo(13);
    const session_id = await open('start');
    await bench.hoursAgo(0);
    const late: typeof bench.tools.send = async (order) => {
      await bench.court.send(['session.log', { session_id, event_type: 'NOTE', details: {} }]);
      await bench.tools.send(order);
    };
    expect(await closeStale.run({ ...bench.tools, send: late })).toMatchObject({ sent: 1 });
    expect(await statusOf(session_id)).toBe('active');
    const [{ status, outcome }] = await rows(
      `select status, outcome from commands where name = 'session.lapse' and stream = $1`,
      `session:${session_id}`,
    );
    expect([status, JSON.parse(outcome).problem.code]).toEqual(['rejected', 'not_stale']);
  });

  test('begins nothing when its time is over', async () => {
    await bench.hoursAgo(13);
    const session_id = await open('start');
    await bench.hoursAgo(0);
    expect(await closeStale.run(bench.within(0))).toEqual({ sent: 0, is_complete: false });
    expect(await statusOf(session_id)).toBe('active');
  });

  test('leaves a record that verifies', async () => {
    expect(await bench.report()).toMatchObject({ system_valid: true, sessions_checked: 8 });
  });
});
