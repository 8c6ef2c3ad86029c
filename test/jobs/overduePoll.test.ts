/** A worker that stops waits for the portion that is under way, and for no backlog. */
import { setImmediate } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { followInbox } from '../../jobs/audit/followInbox.ts';
import { takeRefusals } from '../../jobs/audit/takeRefusals.ts';
import { tellDevices } from '../../jobs/notices/tellDevices.ts';
import { startOverduePoll } from '../../jobs/overduePoll.ts';
import { openWorkbench, type Workbench } from '../support/jobTools.ts';
import { INSTITUTION } from '../support/matchFixture.ts';
import { isLeftOut } from '../support/stack.ts';

const REFUSED = `
  insert into audit_refusals select date_trunc('minute', now()) - interval '3 minutes', $1::uuid, n, 'judge', 'GET /n', 'forbidden', 1
  from generate_series(1, 1100) n`;
const SEEN = `
  with login as (insert into logins select gen_random_uuid(), gen_random_uuid(), $1::uuid, now(), now(), now() from generate_series(1, 1100)
    returning id)
  insert into login_places (login_id, kind, mark, first_seen, last_seen) select id, 'device', repeat('a', 32), now(), now() from login`;
const SENT = `
  insert into commands (id, name, stream, streams, input, actor_id, actor_role, institution_id, reply_to, request_id, status, outcome,
    finished_at)
  select gen_random_uuid(), 'guard.unban', 'guard:x', '{guard:x}', '{}', gen_random_uuid(), 'admin', $1::uuid, 'r', 'q', 'applied', '{}', now()
  from generate_series(1, 1100)`;

describe.skipIf(isLeftOut)('overdue work', () => {
  let bench: Workbench;

  beforeAll(async () => {
    bench = await openWorkbench({ movesClock: false });
  });
  afterAll(() => bench.close());

  const tools = () => ({ ...bench.tools, installation: INSTITUTION });
  const isClosing = () => true;
  const countOf = async (text: string) =>
    (await bench.database.pool.query(`select count(*)::integer as n from ${text}`)).rows[0].n;

  test('is told that the worker stops, and is waited for', async () => {
    let [begun, ended] = [false, false];
    const work = {
      ...{ name: 'work', waits: 'true' },
      async poll(isClosing = () => false) {
        begun = true;
        while (!isClosing()) await setImmediate();
        ended = true;
      },
    };
    const polls = startOverduePoll(bench.tools.pool, [work], bench.tools.log);
    await expect.poll(() => begun).toBe(true);
    await polls.close();
    expect(ended).toBe(true);
  });

  test.each([
    ['refusals', REFUSED, () => takeRefusals(tools()), 'audit_refusals'],
    ['devices', SEEN, () => tellDevices(bench.tools.pool, async () => {}), 'login_places where not is_told'],
    [
      'the inbox',
      SENT,
      () => followInbox(tools()),
      'commands where position > (select position from audit_mark) and name = $$guard.unban$$',
    ],
  ])('%s: takes no more than the portion that is under way', async (_, text, work, left) => {
    await bench.database.pool.query(text, [INSTITUTION]);
    await work().poll(isClosing);
    expect(await countOf(left)).toBe(600);
    await work().poll();
    expect(await countOf(left)).toBe(0);
  });
});
