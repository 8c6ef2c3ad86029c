/** What the timed jobs know, as the API shows it: when a session was last verified, and what was found wrong. */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { JobTools } from '../../jobs/job.ts';
import { verifyRecent } from '../../jobs/verify/verifyRecent.ts';
import { openPool } from '../../src/infra/postgres/database.ts';
import { amountAt } from '../support/amounts.ts';
import { cast, get, must, openSession, person, post } from '../support/client.ts';
import { INSTANT } from '../support/readOnlySession.ts';
import { isLeftOut, type Stack, startStack } from '../support/stack.ts';
import { expectIntact } from '../support/verdict.ts';

const PATH = '/ops/findings';

describe.skipIf(isLeftOut)('findings', () => {
  let stack: Stack;
  let tools: JobTools;
  const people = cast();
  const root = person('super_admin');

  beforeAll(async () => {
    stack = await startStack({ LOG_LEVEL: 'silent' });
    const { queues, broadcast, observers, blobs, cache, metrics, log, onError } = stack.backbones[0]!;
    tools = {
      pool: openPool(stack.database.url, 'worker', 2, onError),
      verifierPool: openPool(stack.database.url, 'verifier', 1, onError),
      ...{
        queues,
        broadcast,
        observers,
        blobs,
        cache,
        metrics,
        log,
        slot: new Date().toISOString(),
        gallery_retention_ms: 0,
      },
      input: {},
      send: () => Promise.reject(new Error('verification sends no command')),
      progress: async () => {},
      isOver: () => false,
    };
  });

  afterAll(async () => {
    await Promise.all([tools.pool.end(), tools.verifierPool.end()]);
    await stack.stop();
  });

  const list = async (query = '') => (await must(get(stack.url, `${PATH}${query}`, root))).items;
  const retitle = (id: string, title: string) =>
    stack.pool.query('update courtroom_sessions set title = $2 where id = $1', [id, title]);

  test('are for super_admins alone', async () => {
    expect((await get(stack.url, PATH, null)).status).toBe(401);
    for (const who of [people.admin, people.presiding, people.petitioner]) {
      expect(await get(stack.url, PATH, who)).toMatchObject({ status: 403, body: { code: 'forbidden' } });
    }
    expect(await must(get(stack.url, PATH, root))).toEqual({ items: [], next_cursor: null });
    expect((await get(stack.url, `${PATH}?state=closed`, root)).status).toBe(422);
  });

  test('a session shows when its record as it stands was last verified, alone and in lists', async () => {
    const { path, session_id } = await openSession(stack.url, people);
    const shown = async () => (await must(get(stack.url, path, people.admin))).integrity_last_checked_at;
    await verifyRecent.run(tools);
    const checked_at = await shown();
    expect(checked_at).toEqual(INSTANT);
    const { items } = await must(get(stack.url, '/api/session/active/list', people.admin));
    expect(items).toContainEqual(expect.objectContaining({ id: session_id, integrity_last_checked_at: checked_at }));
    const { result } = await must(post(stack.url, `${path}/pause`, people.admin));
    expect(result.integrity_last_checked_at).toBeNull();
    expect(await must(get(stack.url, path, people.admin))).toEqual(result);
    await verifyRecent.run(tools);
    expect((await shown()) > checked_at).toBe(true);
  });

  test('are listed, counted in the metrics, and stay when they are resolved', async () => {
    const { session_id, title } = await openSession(stack.url, people).then(async ({ session_id, path }) => ({
      session_id,
      title: (await must(get(stack.url, path, people.admin))).title as string,
    }));
    const metric = () => amountAt('integrity_findings_open', [stack]);
    await retitle(session_id, 'Changed');
    await verifyRecent.run(tools);
    await verifyRecent.run(tools);
    const open = {
      ...{ id: expect.any(String), job: 'verify.recent', stream: `session:${session_id}`, issues_omitted: 0 },
      issues: [expect.stringContaining('title is "Changed"')],
      ...{ found_at: INSTANT, last_seen_at: INSTANT, resolved_at: null },
    };
    expect(await list()).toEqual([open]);
    expect(await list('?state=resolved')).toEqual([]);
    await vi.waitFor(async () => expect(await metric()).toBe(1), 25_000);
    expect(await amountAt('plearoll_tamper_detected', [stack])).toBe(1);

    await retitle(session_id, title);
    await verifyRecent.run(tools);
    expect(await list()).toEqual([]);
    for (const state of ['resolved', 'all']) {
      expect(await list(`?state=${state}`)).toEqual([{ ...open, resolved_at: INSTANT }]);
    }
    await vi.waitFor(async () => expect(await metric()).toBe(0), 25_000);
    expect(await amountAt('plearoll_tamper_detected', [stack])).toBe(0);
    await expectIntact(stack.url, session_id, people.admin);
  });

  test('come in pages, the newest first', async () => {
    const opened = [];
    for (let n = 0; n < 3; n++) {
      const { session_id } = await openSession(stack.url, people);
      opened.unshift(`session:${session_id}`);
      await retitle(session_id, `Changed ${n}`);
      await verifyRecent.run(tools);
    }
    const first = await must(get(stack.url, `${PATH}?limit=2`, root));
    const second = await must(get(stack.url, `${PATH}?limit=2&cursor=${first.next_cursor}`, root));
    const streams = [...first.items, ...second.items].map(({ stream }) => stream);
    expect([streams, second.next_cursor]).toEqual([opened, null]);
  });
});
