/** The whole record verified on demand: by whom, of what, and together. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Cast, cast, get, must, openSession, type Person, person, post } from '../support/client.ts';
import { isLeftOut, type Stack, startStack } from '../support/stack.ts';

const PATH = '/integrity/global-verify';

describe.skipIf(isLeftOut)('global-verify', () => {
  let stack: Stack;
  let people: Cast;
  const root = person('super_admin');

  beforeAll(async () => {
    stack = await startStack();
  });

  afterAll(() => stack.stop());

  beforeEach(() => {
    people = cast();
  });

  let asked = 0;
  const url = () => stack.apis[asked++ % stack.apis.length]!;
  const verify = async (who: Person) => must(get(url(), PATH, who));

  test('is for admins, of their own institution, and for super_admins', async () => {
    for (const who of [people.presiding, people.bailiff, people.petitioner]) {
      expect(await get(url(), PATH, who)).toMatchObject({ status: 403, body: { code: 'forbidden' } });
    }
    expect((await get(url(), PATH, null)).status).toBe(401);
    const report = { tamper_detected: false, system_valid: true, invalid_sessions: [] };
    await openSession(url(), people);
    expect(await verify(people.admin)).toMatchObject({ ...report, sessions_checked: 1 });
    expect((await verify(root)).sessions_checked).toBeGreaterThanOrEqual(1);
  });

  test('of nothing is valid, and says that nothing was checked', async () => {
    const report = await verify(people.admin);
    expect(report).toMatchObject({
      sessions_checked: 0,
      system_valid: true,
      tamper_detected: false,
      invalid_sessions: [],
    });
    expect(report.message).toMatch(/nothing/i);
    expect(report.checked_at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  });

  test('finds the sessions whose rows say something else than the record', async () => {
    const [sound, edited] = [await openSession(url(), people), await openSession(url(), people)];
    await stack.pool.query(`update courtroom_sessions set title = 'Another case' where id = $1`, [edited.session_id]);
    const report = await verify(people.admin);
    expect(report).toMatchObject({
      ...{ sessions_checked: 2, system_valid: false, tamper_detected: true },
      invalid_sessions: [{ session_id: edited.session_id, issues: [expect.stringContaining('Another case')] }],
    });
    expect((await get(url(), `${edited.path}/verify`, people.admin)).body.is_valid).toBe(false);
    expect((await get(url(), `${sound.path}/verify`, people.admin)).body.is_valid).toBe(true);
    expect(await verify(cast().admin)).toMatchObject({ system_valid: true });
    expect(await verify(root)).toMatchObject({ system_valid: false });
    await stack.pool.query(`update courtroom_sessions set title = $2 where id = $1`, [
      edited.session_id,
      (await get(url(), `/api/assignment/${edited.assignment_id}`, people.admin)).body.title,
    ]);
    expect(await verify(people.admin)).toMatchObject({ system_valid: true });
  });

  test('finds an event that was changed behind the database’s back, with the exact words', async () => {
    const { session_id, path } = await openSession(url(), people);
    await must(post(url(), `${path}/log`, people.admin, { event_type: 'NOTE', details: { n: 1 } }));
    const { logs } = (await get(url(), `${path}/logs`, people.admin)).body;
    const client = await stack.pool.connect();
    await client.query('alter table events disable trigger all; alter table events drop constraint ck_event_hash');
    await client.query(`update events set event_type = 'OTHER' where stream = $1 and sequence = 3`, [
      `session:${session_id}`,
    ]);
    await client.query('alter table events enable trigger all');
    client.release();
    const { body } = await get(url(), `${path}/verify`, people.admin);
    expect(body).toMatchObject({ is_valid: false, events_checked: 3, invalid_sequences: [3] });
    const stored = logs[2].event_hash;
    expect(body.issues).toContainEqual(
      expect.stringMatching(`^Hash mismatch at sequence 3: stored=${stored}, computed=[0-9a-f]{64}$`),
    );
    const report = await verify(people.admin);
    expect(report).toMatchObject({ system_valid: false, invalid_sessions: [{ session_id, issues: body.issues }] });
  });

  test('is one run for all who ask while it is under way', async () => {
    await openSession(url(), people);
    const client = await stack.pool.connect();
    await client.query('begin; lock table rosters in access exclusive mode');
    const first = verify(people.admin);
    const text = `select id from integrity_runs where state = 'running' and institution_id = $1`;
    const find = async () => (await stack.pool.query(text, [people.institution_id])).rows[0];
    const job = await vi.waitUntil(find, { timeout: 25_000, interval: 20 });
    const others = [1, 2, 3, 4].map(() => verify(people.admin));
    // By then all of them have asked, on a busy machine, too.
    for (let i = 0; i < 40; i++) {
      const run = await get(url(), `/integrity/runs/${job.id}`, people.admin);
      expect([run.status, run.headers.get('location')]).toEqual([202, `/integrity/runs/${job.id}`]);
      expect(run.headers.get('retry-after')).toMatch(/^\d+$/);
    }
    await client.query('rollback');
    client.release();
    const reports = await Promise.all([first, ...others]);
    expect(new Set(reports.map((report) => JSON.stringify(report))).size).toBe(1);
    expect((await get(url(), `/integrity/runs/${job.id}`, people.admin)).body).toMatchObject(reports[0]!);
    expect((await get(url(), `/integrity/runs/${job.id}`, root)).status).toBe(200);
    expect((await get(url(), `/integrity/runs/${job.id}`, cast().admin)).status).toBe(404);
    expect((await get(url(), `/integrity/runs/${job.id}`, people.presiding)).status).toBe(403);
  });

  test.each(['x', randomUUID()])('a run that is none is not found: %s', async (id) => {
    expect(await get(url(), `/integrity/runs/${id}`, root)).toMatchObject({ status: 404, body: { code: 'not_found' } });
  });
});
