/** Files that nobody names are swept when they are old; what anybody names stays, and every verification looks at it. */
import { randomUUID } from 'node:crypto';
import { readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { JobTools } from '../../jobs/job.ts';
import { KEPT_DAYS_AFTER_RESTORE, KEPT_HOURS, sweepBlobs } from '../../jobs/upkeep/sweepBlobs.ts';
import { verifyEverything } from '../../jobs/verify/verifyEverything.ts';
import { verifyRecent } from '../../jobs/verify/verifyRecent.ts';
import type { Draft } from '../../src/infra/blobs.ts';
import { anotherPdf, filesIn } from '../support/exhibits.ts';
import { openWorkbench, type Workbench } from '../support/jobTools.ts';
import { isLeftOut } from '../support/stack.ts';

const HOUR_MS = 3_600_000;

describe.skipIf(isLeftOut)('sweep.blobs', () => {
  let bench: Workbench;
  let session_id: string;

  beforeAll(async () => {
    bench = await openWorkbench({ movesClock: false });
    session_id = await bench.court.session(await bench.court.assignment());
  });

  afterAll(() => bench.close());

  const rows = async (text: string, ...values: unknown[]) => (await bench.database.pool.query(text, values)).rows;
  const pathOf = (sha256: string) => join(bench.blobFolder, sha256.slice(0, 2), sha256.slice(2, 4), sha256);
  const files = () => filesIn(bench.blobFolder).map((path) => path.split('/').at(-1));
  const run = () => sweepBlobs.run(bench.tools);

  /** As if it had been brought in so long ago. */
  const age = (path: string, hours: number) => {
    const then = new Date(Date.now() - hours * HOUR_MS);
    utimesSync(path, then, then);
  };

  const receive = (content = anotherPdf()) => bench.tools.blobs.receive(Readable.from([content]), 1_000);

  async function keep(hours: number, content?: Uint8Array): Promise<Draft> {
    const draft = await receive(content);
    await draft.keep();
    age(pathOf(draft.sha256), hours);
    return draft;
  }

  const input = ({ sha256, size_bytes }: Draft) => ({
    ...{ session_id, title: 'A map', side: 'petitioner' },
    file: { sha256, size_bytes, media_type: 'application/pdf' },
  });

  /** As the door leaves it. */
  async function accept(draft: Draft): Promise<string> {
    const id = randomUUID();
    const text = `insert into commands (id, name, stream, streams, input, actor_id, actor_role, reply_to, request_id)
      values ($1, 'exhibit.upload', $2, array[$2], $3, 'system', 'admin', 'nobody', 'x')`;
    await rows(text, id, `session:${session_id}`, JSON.stringify(input(draft)));
    return id;
  }

  beforeEach(async () => {
    const [{ id }] = await rows('select id from installation');
    await bench.tools.blobs.claim(id);
  });

  test('removes what nobody names, and drafts, when they are a day old and not before', async () => {
    const old = await keep(KEPT_HOURS + 1);
    const young = await keep(KEPT_HOURS - 1);
    const [left] = [await receive()];
    const drafts = join(bench.blobFolder, 'drafts');
    age(join(drafts, readdirSync(drafts)[0]!), KEPT_HOURS + 1);
    await receive();
    expect(left.sha256).not.toBe(old.sha256);
    expect(await run()).toEqual({ drafts_removed: 1, files_checked: 1, files_removed: 1 });
    expect(files()).toContain(young.sha256);
    expect(files()).not.toContain(old.sha256);
    expect(await run()).toEqual({ drafts_removed: 0, files_checked: 0, files_removed: 0 });
  });

  test('leaves what an exhibit names, whatever became of it, and what the chain or a command names', async () => {
    const [rejected, tampered, waiting] = [await keep(1_000), await keep(1_000), await keep(1_000)];
    const ids = await bench.court.send(['exhibit.upload', input(rejected)], ['exhibit.upload', input(tampered)]);
    await bench.court.send(['exhibit.withdraw', { session_id, exhibit_id: ids[0]! }]);
    await rows('delete from commands where id = any($1)', ids);
    const [row] = await rows('select to_json(e) as row from exhibits e where id = $1', ids[1]);
    await rows('delete from exhibits where id = $1', ids[1]);
    const id = await accept(waiting);
    try {
      expect(await run()).toMatchObject({ files_checked: 3, files_removed: 0 });
      for (const { sha256 } of [rejected, tampered, waiting]) expect(files()).toContain(sha256);
    } finally {
      await rows('delete from commands where id = $1', id);
      await rows(
        'insert into exhibits select * from json_populate_record(null::exhibits, $1)',
        JSON.stringify(row.row),
      );
    }
    expect(await run()).toMatchObject({ files_checked: 3, files_removed: 1 });
    expect(files()).not.toContain(waiting.sha256);
  });

  test('removes what only a rejected command names, though its outcome is kept, and leaves what a dead one names', async () => {
    const [rejected, dead] = [await keep(1_000), await keep(1_000)];
    const ids = [await accept(rejected), await accept(dead)];
    const settle = `update commands set status = $2, outcome = '{}', finished_at = now() where id = $1`;
    await rows(settle, ids[0], 'rejected');
    await rows(settle, ids[1], 'dead');
    try {
      expect(await run()).toMatchObject({ files_removed: 1 });
      expect(files()).not.toContain(rejected.sha256);
      expect(files()).toContain(dead.sha256);
    } finally {
      await rows('delete from commands where id = any($1)', ids);
    }
    expect(await run()).toMatchObject({ files_removed: 1 });
  });

  test('leaves what is brought in again while it looks', async () => {
    const content = anotherPdf();
    const { sha256 } = await keep(1_000, content);
    const before_ms = Date.now() - KEPT_HOURS * HOUR_MS;
    await (await receive(content)).keep();
    expect(await bench.tools.blobs.remove(sha256, before_ms)).toBe(false);
    expect(files()).toContain(sha256);
    expect(await bench.tools.blobs.findFault({ sha256, size_bytes: content.length })).toBeUndefined();
  });

  test('leaves for a month what is older than the last restore, which a newer backup may name, and lists it', async () => {
    const restored = (days: number) =>
      rows(`update installation set restored_at = clock_timestamp() - $1 * interval '1 day'`, days);
    try {
      await restored(5);
      const [before, since] = [await keep(6 * 24), await keep(4 * 24)];
      const listed = { files_removed: 1, files_kept: 1, kept: [before.sha256] };
      expect(await run()).toMatchObject({ ...listed, files_kept_until: expect.stringMatching(/Z$/) });
      expect(files()).toContain(before.sha256);
      expect(files()).not.toContain(since.sha256);
      await restored(KEPT_DAYS_AFTER_RESTORE + 1);
      age(pathOf(before.sha256), (KEPT_DAYS_AFTER_RESTORE + 2) * 24);
      const after = await run();
      expect(after).toMatchObject({ files_removed: 1 });
      expect(after).not.toHaveProperty('files_kept');
      expect(files()).not.toContain(before.sha256);
    } finally {
      await rows('update installation set restored_at = null');
    }
  });

  test('touches nothing of another installation', async () => {
    const { sha256 } = await keep(1_000);
    const owner = join(bench.blobFolder, 'installation');
    writeFileSync(owner, randomUUID());
    expect(await run()).toEqual({ skipped: 'the files are not of this installation' });
    expect(files()).toContain(sha256);
    const [{ id }] = await rows('select id from installation');
    writeFileSync(owner, id);
    expect(await run()).toMatchObject({ files_removed: 1 });
  });

  test('verify.everything finds a file that is lost, verify.recent leaves that found, and it is resolved when it is back', async () => {
    const content = anotherPdf();
    const draft = await keep(0, content);
    const [exhibit_id] = await bench.court.send(['exhibit.upload', input(draft)]);
    const open = () => rows('select issues from findings where resolved_at is null');
    const check = async () => (await rows('select is_valid from session_checks where session_id = $1', session_id))[0];
    const found = [{ issues: [expect.stringContaining(`File of exhibit ${exhibit_id} was changed`)] }];
    expect(await verifyEverything.run(bench.tools)).toMatchObject({ streams_invalid: 0 });
    writeFileSync(pathOf(draft.sha256), 'forged');
    expect(await verifyRecent.run(bench.tools)).toMatchObject({ streams_invalid: 0 });
    expect(await verifyEverything.run(bench.tools)).toMatchObject({ streams_invalid: 1, findings_opened: 1 });
    expect(await open()).toEqual(found);
    writeFileSync(pathOf(draft.sha256), content);
    expect(await verifyRecent.run(bench.tools)).toMatchObject({ findings_opened: 0, findings_resolved: 0 });
    expect(await open()).toEqual(found);
    expect(await check()).toEqual({ is_valid: false });
    expect(await verifyEverything.run(bench.tools)).toMatchObject({ streams_invalid: 0, findings_resolved: 1 });
    expect(await check()).toEqual({ is_valid: true });
  });

  test('verify.recent reads no file, and verify.everything none after its time', async () => {
    const draft = await keep(0);
    await bench.court.send(['exhibit.upload', input(draft)], ['exhibit.upload', input(draft)]);
    const read: string[] = [];
    const counting = (tools: JobTools): JobTools => ({
      ...tools,
      blobs: { ...tools.blobs, findFault: async (file) => void read.push(file.sha256) },
    });
    expect(await verifyRecent.run(counting(bench.tools))).toMatchObject({ is_complete: true });
    expect(read).toEqual([]);
    const enough = counting(bench.tools);
    const stopped = await verifyEverything.run({ ...enough, isOver: () => read.length > 0 });
    expect(stopped).toMatchObject({ is_complete: false });
    expect(read).toHaveLength(1);
    expect(await verifyEverything.run(enough)).toMatchObject({ is_complete: true, streams_invalid: 0 });
    expect(read.length).toBeGreaterThan(2);
  });
});
