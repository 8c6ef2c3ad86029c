/** What people were not told of when it happened is found in the log; notices are bounded, and go after their time. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { sequenceOnce } from '../../jobs/log/sequencer.ts';
import { cleanupOldNotifications } from '../../jobs/notices/cleanupOldNotifications.ts';
import { notify } from '../../jobs/notices/notify.ts';
import { tellOfFailedJob } from '../../jobs/notices/tellAdmins.ts';
import { TAKE, tellDevices, tellOnce } from '../../jobs/notices/tellDevices.ts';
import { tellMissed } from '../../jobs/notices/tellMissed.ts';
import { PORTION } from '../../jobs/notices/tellPeople.ts';
import { keepFindings } from '../../jobs/verify/storeFindings.ts';
import { CONSOLE } from '../../src/infra/console/tellConsole.ts';
import { FLAGS, MOST_KEPT } from '../../src/notices/notice.ts';
import { openWorkbench, type Workbench } from '../support/jobTools.ts';
import { nodesOf, planOf, walksOf } from '../support/plans.ts';
import { isLeftOut } from '../support/stack.ts';

describe.skipIf(isLeftOut)('jobs of notices', () => {
  let bench: Workbench;

  beforeAll(async () => {
    bench = await openWorkbench();
  });
  afterAll(() => bench.close());

  const rowsOf = async (text: string, ...values: unknown[]) => (await bench.database.pool.query(text, values)).rows;
  const run = async (from: number) => {
    await rowsOf(
      `insert into schedule_ticks (name, slot, id, queue, status, attempts, result, finished_at, due_at)
       values ('notices.missed', clock_timestamp(), $1::uuid, 'maintenance', 'succeeded', 1, $2, now(), now())`,
      ...[randomUUID(), JSON.stringify({ position: from })],
    );
    return tellMissed.run(bench.tools);
  };
  const size = async () => Number((await rowsOf('select size from log_state'))[0].size);
  const noticesOf = (user_id: string) =>
    rowsOf('select kind, text from notices where audience = $1', `user:${user_id}`);
  async function following(subject: string, count: number, facts: { role?: string; institution_id?: string } = {}) {
    const { role = 'participant', institution_id = null } = facts;
    const rows = await rowsOf(
      `insert into follows (user_id, subject, role, institution_id, followed_at)
       select gen_random_uuid(), $1, $2, $3, now() - interval '1 hour' from generate_series(1, $4) returning user_id`,
      ...[subject, role, institution_id, count],
    );
    return rows.map(({ user_id }) => user_id as string);
  }
  async function published(): Promise<{ event: string; to: object; body: { text: string } }[]> {
    const heard: never[] = [];
    const end = await bench.backbone.broadcast.subscribe(CONSOLE, (message) =>
      heard.push(JSON.parse(message) as never),
    );
    onTestFinished(() => end());
    return heard;
  }

  test('tell what a worker did not, to all followers who may see it, in portions and only once', async () => {
    const { court, tools } = bench;
    await sequenceOnce(tools);
    const from = await size();
    const assignment_id = await court.assignment();
    const session_id = await court.session(assignment_id);
    const [{ institution_id }] = await rowsOf('select institution_id from assignments where id = $1', assignment_id);
    const many = await following(`session:${session_id}`, PORTION + 7, { institution_id });
    const [stranger] = await following(`session:${session_id}`, 1, { institution_id: randomUUID() });
    await court.send(['session.start', { session_id }]);
    await sequenceOnce(tools);
    const heard = await published();
    expect(await run(from)).toEqual({ position: await size(), told: many.length });
    expect(await noticesOf(many[0]!)).toEqual([{ kind: 'start', text: expect.stringContaining('has begun') }]);
    expect(await noticesOf(stranger!)).toEqual([]);
    await expect.poll(() => heard.length, { timeout: 20_000 }).toBe(many.length);
    expect(heard.find(({ to }) => 'user_id' in to && to.user_id === many[0])).toMatchObject({ event: 'notification' });
    expect(await run(from)).toMatchObject({ told: 0 });
  });

  test('leave what was there before the first run, and go on where the last one ended', async () => {
    await rowsOf(`delete from schedule_ticks where name = 'notices.missed'`);
    expect(await tellMissed.run(bench.tools)).toEqual({ position: await size(), told: 0 });
  });

  test('a person who began to follow later is not told of what was before', async () => {
    const { court, tools } = bench;
    const from = await size();
    const session_id = await court.session(await court.assignment());
    await court.send(['session.start', { session_id }]);
    const [late] = await following(`session:${session_id}`, 1, { role: 'super_admin' });
    await rowsOf(`update follows set followed_at = now() + interval '1 minute' where user_id = $1`, late);
    await sequenceOnce(tools);
    await run(from);
    expect(await noticesOf(late!)).toEqual([]);
  });

  test('of an audience the newest are kept, and quiet hours keep them from being pushed', async () => {
    const { pool } = bench.tools;
    const user_id = randomUUID();
    await rowsOf(
      `insert into notice_preferences values ($1, null, true, true, true, true, true,
         extract(hour from now() at time zone 'UTC'), mod(extract(hour from now() at time zone 'UTC') + 2, 24), now())`,
      user_id,
    );
    const told: string[] = [];
    const publish = async (_: string, message: string) => void told.push(message);
    const one = (n: number) => ({ to: { user_id }, kind: 'start', key: `${n}`, text: `${n}` }) as const;
    const all = Array.from({ length: MOST_KEPT + 20 }, (_, n) => one(n));
    expect(await notify(pool as never, publish, all)).toBe(all.length);
    expect(await noticesOf(user_id)).toHaveLength(MOST_KEPT);
    expect(told).toEqual([]);
  });

  test.each(FLAGS)('%s is stored once, and not where its person has switched it off', async (flag) => {
    const pool = bench.tools.pool as never;
    const [asks, not] = [randomUUID(), randomUUID()];
    const wants = (user_id: string, isWanted: boolean) =>
      rowsOf(
        `insert into notice_preferences (user_id, ${FLAGS.join(', ')}, changed_at)
         values ($1, ${FLAGS.map((one) => (one === flag ? isWanted : !isWanted)).join(', ')}, now())`,
        user_id,
      );
    await wants(asks, true);
    await wants(not, false);
    const tell = () =>
      notify(
        pool,
        async () => {},
        [asks, not].map((user_id) => ({ to: { user_id }, kind: flag, key: 'one', text: 'One.' })),
      );
    expect([await tell(), await tell()]).toEqual([1, 0]);
    expect(await noticesOf(asks)).toEqual([{ kind: flag, text: 'One.' }]);
    expect(await noticesOf(not)).toEqual([]);
  });

  describe('of devices', () => {
    const mark = (letter: string) => letter.repeat(32);
    /** @param devices each with how many minutes ago it was seen first */
    async function signIn(user_id: string, devices: [letter: string, minutes_ago: number][]): Promise<void> {
      const login_id = randomUUID();
      await rowsOf('insert into logins values ($1, $2, null, now(), now(), now())', login_id, user_id);
      for (const [letter, minutes] of devices) {
        await rowsOf(
          `insert into login_places select $1, 'device', $2, at, at from (select now() - $3 * interval '1 minute' as at) s`,
          ...[login_id, mark(letter), minutes],
        );
      }
    }
    const told: string[] = [];
    const look = () => tellOnce(bench.tools.pool, async (_, message) => void told.push(message));

    test('tell of one that is new where another is known, once, on whichever login session it is seen', async () => {
      const [user_id, other] = [randomUUID(), randomUUID()];
      await look();
      told.length = 0;
      await signIn(user_id, [['a', 30]]);
      expect(await look()).toBe(1);
      expect(await noticesOf(user_id)).toEqual([]);
      await signIn(user_id, [['a', 20]]);
      await signIn(other, [['b', 20]]);
      await signIn(user_id, [['b', 10]]);
      expect(await look()).toBe(3);
      await signIn(user_id, [['b', 5]]);
      await look();
      expect(await look()).toBe(0);
      expect(await noticesOf(user_id)).toEqual([{ kind: 'device', text: expect.stringContaining('not seen before') }]);
      expect(await noticesOf(other)).toEqual([]);
      expect(told.map((one) => JSON.parse(one))).toMatchObject([{ event: 'notification', to: { user_id } }]);
    });

    test('tell of two that are found at once, and of the first not', async () => {
      const user_id = randomUUID();
      await signIn(user_id, [
        ['c', 30],
        ['d', 20],
      ]);
      await Promise.all([look(), look()]);
      expect(await noticesOf(user_id)).toHaveLength(1);
    });

    test('are looked at again where storing failed', async () => {
      const user_id = randomUUID();
      await signIn(user_id, [['e', 30]]);
      await look();
      await signIn(user_id, [['f', 20]]);
      await rowsOf(`alter table notices add constraint ck_tried check (kind <> 'device') not valid`);
      await expect(look()).rejects.toThrow('ck_tried');
      await rowsOf('alter table notices drop constraint ck_tried');
      expect(await look()).toBe(1);
      expect(await noticesOf(user_id)).toHaveLength(1);
    });

    test('go by indexes, however many login sessions there are', async () => {
      await rowsOf(
        `with made as (
           insert into logins select gen_random_uuid(), gen_random_uuid(), null, now(), now(), now() from generate_series(1, 5000)
           returning id)
         insert into login_places select id, 'device', md5(id::text), now(), now(), true from made`,
      );
      await rowsOf('analyze logins, login_places');
      await signIn(randomUUID(), [['g', 1]]);
      for (const text of [TAKE.text, `select ${tellDevices(bench.tools.pool, async () => {}).waits}`]) {
        const nodes = nodesOf(await planOf(bench.tools.pool as never, { text, values: [] }));
        expect(walksOf(nodes)).toEqual([]);
      }
    });
  });

  test('findings are told to the admins of the institution and of the installation, failed jobs to the latter, once', async () => {
    const { court, tools } = bench;
    const assignment_id = await court.assignment();
    const [{ institution_id }] = await rowsOf('select institution_id from assignments where id = $1', assignment_id);
    const heard = await published();
    const look = () =>
      keepFindings(tools, 'verify.recent', new Date().toISOString(), [
        { stream: `assignment:${assignment_id}`, issues: ['wrong'], issues_omitted: 0 },
      ]);
    await look();
    await look();
    const told = await rowsOf(`select audience from notices where text like 'tamper_detected%' order by audience`);
    expect(told).toEqual([{ audience: `admins:${institution_id}` }, { audience: 'super_admins' }]);
    await expect.poll(() => heard.length, { timeout: 20_000 }).toBe(2);
    expect(heard.map(({ event }) => event)).toEqual(['admin_notification', 'admin_notification']);
    const tick = { name: 'sweep.blobs', slot: '2026-11-21T02:52:00.000Z' };
    for (let i = 0; i < 2; i++) await tellOfFailedJob(tools.pool as never, async () => {}, tick);
    expect(await rowsOf(`select audience from notices where key like 'job %'`)).toEqual([{ audience: 'super_admins' }]);
  });

  test('notices go after a month with who read them, and so does what was followed once', async () => {
    const { pool } = bench.tools;
    const user_id = randomUUID();
    await notify(pool as never, async () => {}, [{ to: { user_id }, kind: 'device', key: 'x', text: 'A new device.' }]);
    await rowsOf('insert into notice_reads select id, $1 from notices where audience = $2', user_id, `user:${user_id}`);
    const [follower] = await following('team:harbour', 1);
    await rowsOf('update follows set ended_at = now() where user_id = $1', follower);
    expect(await cleanupOldNotifications.run(bench.tools)).toEqual({ notices: 0, follows: 0 });
    await bench.hoursAgo(-31 * 24);
    onTestFinished(() => bench.hoursAgo(0));
    const { notices, follows } = (await cleanupOldNotifications.run(bench.tools)) as { [what: string]: number };
    expect([notices! > 0, follows]).toEqual([true, 1]);
    expect(await rowsOf('select from notices')).toEqual([]);
    expect(await rowsOf('select from notice_reads')).toEqual([]);
    expect(await cleanupOldNotifications.run(bench.tools)).toEqual({ notices: 0, follows: 0 });
  });
});
