/** Verification at a level: by whom, of what, what is said of it, and what it is compared with. */
import { randomUUID } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { timetable } from '../../jobs/schedule.ts';
import { createTickRunner } from '../../jobs/ticks/tickRunner.ts';
import { checkpointText, parseCheckpoint } from '../../src/core/proof/checkpoint.ts';
import { parseVkey } from '../../src/core/proof/keys.ts';
import { formatNote, parseNote } from '../../src/core/proof/note.ts';
import { openNote } from '../../src/core/proof/openNote.ts';
import { drawSeed, type SigningKey, signingKey, signText } from '../../src/core/proof/signNote.ts';
import { MOST_WAITING } from '../../src/http/operations/verifyRuns.ts';
import { openPool } from '../../src/infra/postgres/database.ts';
import { readKeyFile } from '../../src/infra/signer/keyFile.ts';
import { signerFiles } from '../../src/infra/signer/signerFiles.ts';
import { readState } from '../../src/infra/signer/stateFile.ts';
import { catalog } from '../../src/modules.ts';
import {
  type Answer,
  type Cast,
  cast,
  get,
  type Json,
  must,
  openSession,
  type Person,
  person,
  post,
} from '../support/client.ts';
import { checkpointed } from '../support/log.ts';
import { isLeftOut, kind, type Stack, startStack } from '../support/stack.ts';

const PATH = '/integrity/verify';
const PATIENCE = { timeout: 20_000, interval: 50 };

describe.skipIf(isLeftOut)(`verification at a level, ${kind}`, () => {
  let stack: Stack;
  let people: Cast;
  let session: { session_id: string; path: string };
  let scope: string;
  let note: string;
  const root = person('super_admin');

  /** A session that is over and under a checkpoint. */
  beforeAll(async () => {
    stack = await startStack();
    people = cast();
    session = await openSession(stack.url, people);
    scope = `session:${session.session_id}`;
    const { events } = await must(post(stack.url, `${session.path}/complete`, people.admin, { skip_turns: true }));
    note = (await proofOf(scope, events.at(-1).event_sequence, people.admin)).checkpoint;
  }, 120_000);
  afterAll(() => stack.stop());

  /** Once it is under a checkpoint, which comes every ten seconds, and on a busy machine later. */
  const proofOf = async (stream: string, event_sequence: number, who: Person): Promise<Json> => {
    const path = `/integrity/proof/inclusion?stream=${stream}&event_sequence=${event_sequence}`;
    const isSealed = async () => {
      const { status, body } = await get(stack.url, path, who, { prefer: 'wait=10' });
      return status !== 409 && { status, body };
    };
    const { status, body } = (await vi.waitUntil(isSealed, { timeout: 90_000 })) as Answer;
    expect(status).toBe(200);
    return body;
  };
  const begin = (who: Person | null, body: Json) => post(stack.url, PATH, who, body);
  const runAt = async (location: string, who: Person) => must(get(stack.url, location, who));

  /** The run when it is over. */
  async function verify(who: Person, body: Json): Promise<Json> {
    const { status, headers, body: begun } = await begin(who, body);
    expect([status, headers.get('location')]).toEqual([202, `/integrity/runs/${begun.run_id}`]);
    expect(begun).toEqual({ run_id: begun.run_id, status: 'running', location: headers.get('location') });
    const isOver = async () => {
      const run = await runAt(begun.location, who);
      return run.finished_at !== null && run;
    };
    return vi.waitUntil(isOver, PATIENCE) as Promise<Json>;
  }

  async function runByHand(job: string): Promise<void> {
    const pool = openPool(stack.database.url, 'worker', 3, () => {});
    const verifierPool = openPool(stack.database.url, 'verifier', 3, () => {});
    const runner = createTickRunner({ backbone: stack.backbones[0]!, pool, verifierPool, catalog, timetable });
    expect(await runner.runByHand(job)).toMatchObject({ status: 'succeeded' });
    await Promise.all([pool.end(), verifierPool.end()]);
  }

  const files = () => signerFiles(stack.backbones[0]!.config, stack.backbones[0]!.installation);

  function signed(key: SigningKey, changes: Json): string {
    const text = checkpointText({ ...parseCheckpoint(parseNote(note).text), ...changes });
    return formatNote({ text, signatures: [signText(text, key)] });
  }

  test('is for admins, of what is theirs, and for super_admins', async () => {
    const body = { scope, level: 'self' };
    for (const who of [people.presiding, people.bailiff, people.petitioner]) {
      expect(await begin(who, body)).toMatchObject({ status: 403, body: { code: 'forbidden' } });
      expect((await get(stack.url, '/integrity/runs', who)).status).toBe(403);
    }
    expect((await begin(null, body)).status).toBe(401);
    expect((await begin(cast().admin, body)).status).toBe(404);
    expect((await begin(root, { ...body, scope: `session:${randomUUID()}` })).status).toBe(404);
    const own = await verify(people.admin, body);
    expect(own).toMatchObject({ scope, level: 'self', state: 'done', verdict: 'intact@self', findings: [] });
    expect(own.counts).toMatchObject({ stream: 1, state: 1, leaf: 0 });
    expect(own.progress).toEqual({ done: 1, total: 1 });
    expect((await get(stack.url, `/integrity/runs/${own.id}`, cast().admin)).status).toBe(404);
    expect((await runAt(`/integrity/runs/${own.id}`, root)).verdict).toBe('intact@self');
  });

  test.each([
    [{}, '/scope'],
    [{ scope: 'all' }, '/level'],
    [{ scope: 'session:x', level: 'self' }, '/scope'],
    [{ scope: 'assignment:5b0e2a53-4a2b-4b9e-9a53-000000000001', level: 'self' }, '/scope'],
    [{ scope: 'all', level: 'proved' }, '/level'],
    [{ scope: 'all', level: 'anchored' }, '/checkpoint'],
    [{ scope: 'all', level: 'anchored', checkpoint: 'no note' }, '/checkpoint'],
    [{ scope: 'all', level: 'self', more: 1 }, '/more'],
  ])('cannot be asked for with %j', async (body, pointer) => {
    const { status, body: problem } = await begin(root, body);
    expect([status, problem.errors.map((error: Json) => error.pointer)]).toEqual([
      422,
      expect.arrayContaining([pointer]),
    ]);
  });

  test('takes a checkpoint at the level anchored alone', async () => {
    expect((await begin(root, { scope: 'all', level: 'log', checkpoint: note })).status).toBe(422);
  });

  test('ends in a report that the head key signed over all that is answered', async () => {
    const { report, ...run } = await verify(people.admin, { scope: 'all', level: 'self' });
    const { keys } = (await get(stack.url, '/integrity/keys', null)).body;
    const heads = keys.filter(({ use }: Json) => use === 'head').map(({ vkey }: Json) => parseVkey(vkey)!);
    expect(JSON.parse((await openNote(report, heads)).text)).toEqual(run);
    await expect(openNote(report.replace('intact@self', 'intact@log'), heads)).rejects.toThrow('does not verify');
  });

  test('of nothing is unverifiable, and never intact', async () => {
    expect(await verify(cast().admin, { scope: 'all', level: 'self' })).toMatchObject({ verdict: 'unverifiable' });
  });

  test('finds at which place of which stream what is wrong', async () => {
    const edited = await openSession(stack.url, people);
    const change = (title: string) =>
      stack.pool.query('update courtroom_sessions set title = $2 where id = $1', [edited.session_id, title]);
    const { title } = await must(get(stack.url, edited.path, people.admin));
    await change('Another case');
    const stream = `session:${edited.session_id}`;
    const { verdict, findings } = await verify(people.admin, { scope: stream, level: 'self' });
    expect(verdict).toBe('tampered');
    expect(findings).toEqual([
      {
        ...{ check: 'state', stream, event_sequence: null, index: null },
        expected: JSON.stringify(title),
        got: `courtroom_sessions ${edited.session_id}: title is "Another case"`,
      },
    ]);
    expect(await verify(people.admin, { scope, level: 'self' })).toMatchObject({ verdict: 'intact@self' });
    const { items } = await must(get(stack.url, '/ops/findings', root));
    expect(items).toContainEqual(expect.objectContaining({ job: 'verify.record', stream }));
    await change(title);
  });

  test('at the level log compares with what the signer knows, and without that says nothing', async () => {
    const { state } = files();
    const kept = await readFile(state, 'utf8');
    for (const [who, asked] of [
      [root, 'all'],
      [people.admin, 'all'],
      [people.admin, scope],
    ] as const) {
      const run = await verify(who, { scope: asked, level: 'log' });
      expect(run).toMatchObject({ level: 'log', verdict: 'intact@log', findings: [] });
      expect(run.counts.leaf).toBeGreaterThan(0);
    }
    try {
      await rm(state);
      expect(await verify(people.admin, { scope, level: 'log' })).toMatchObject({ verdict: 'unverifiable' });
      const { origin } = files();
      const other = signed((await readKeyFile(files().logKey))!, { root: 'a'.repeat(64) });
      await writeFile(state, JSON.stringify({ origin, note: other }));
      const { verdict, findings } = await verify(people.admin, { scope, level: 'log' });
      expect(verdict).toBe('tampered');
      expect(findings).toMatchObject([{ check: 'checkpoint', stream: null, expected: 'a'.repeat(64) }]);
    } finally {
      await writeFile(state, kept);
    }
  });

  test('of a timed job is listed apart, to those who may see everything, with what it was compared with', async () => {
    const before = (await must(get(stack.url, '/integrity/runs', root))).items.map(({ id }: Json) => id);
    const job = 'verify.everything';
    await checkpointed(stack);
    await runByHand(job);
    const path = `/integrity/runs?job=${job}`;
    const { items } = await must(get(stack.url, path, root));
    const { size } = (await readState(files().state, files().origin))!.checkpoint;
    const key = (await readKeyFile(files().logKey))!;
    expect(items).toMatchObject([
      {
        ...{ job, scope: 'all', level: 'log', verdict: 'intact@log', findings: [] },
        anchors: [{ from: 'signer', size, signed_by: [`${key.name}+${key.key_id}`], cosigned_by: [] }],
      },
    ]);
    const { report, ...run } = await runAt(`/integrity/runs/${items[0].id}`, root);
    const { keys } = (await get(stack.url, '/integrity/keys', null)).body;
    const heads = keys.filter(({ use }: Json) => use === 'head').map(({ vkey }: Json) => parseVkey(vkey)!);
    expect(JSON.parse((await openNote(report, heads)).text)).toEqual(run);
    expect((await must(get(stack.url, path, people.admin))).items).toEqual([]);
    expect((await get(stack.url, `/integrity/runs/${run.id}`, people.admin)).status).toBe(404);
    expect((await must(get(stack.url, '/integrity/runs', root))).items.map(({ id }: Json) => id)).toEqual(before);
    expect((await get(stack.url, '/integrity/runs?job=prune.commands', root)).status).toBe(422);
  });

  test('is anchored in a checkpoint that the asker brought', async () => {
    const anchored = (checkpoint: string) => verify(people.admin, { scope, level: 'anchored', checkpoint });
    expect(await anchored(note)).toMatchObject({ verdict: 'intact@anchored', findings: [] });
    const key = (await readKeyFile(files().logKey))!;
    const stranger = signingKey(key.name, 'ed25519', drawSeed());
    expect(await anchored(signed(stranger, {}))).toMatchObject({ verdict: 'unverifiable' });
    const forked = await anchored(signed(key, { root: 'b'.repeat(64) }));
    expect(forked).toMatchObject({
      verdict: 'tampered',
      findings: [{ check: 'checkpoint', expected: 'b'.repeat(64) }],
    });
    const { size } = parseCheckpoint(parseNote(note).text);
    const cut = await anchored(signed(key, { size: size + 1_000 }));
    expect(cut.verdict).toBe('tampered');
    expect(cut.findings.map(({ check }: Json) => check)).toContain('leaf');
  });

  test('finds what another institution’s leaves have to do with nobody else', { timeout: 150_000 }, async () => {
    const other = cast();
    const theirs = await openSession(stack.url, other);
    await must(post(stack.url, `${theirs.path}/complete`, other.admin, { skip_turns: true }));
    const { index } = await proofOf(`session:${theirs.session_id}`, 2, other.admin);
    const client = await stack.pool.connect();
    const swap = async (sequence: number) => {
      await client.query('alter table log_leaves disable trigger all');
      await client.query('update log_leaves set sequence = $2 where index = $1', [index, sequence]);
      await client.query('alter table log_leaves enable trigger all');
    };
    await swap(99);
    try {
      const { verdict, findings } = await verify(other.admin, { scope: 'all', level: 'log' });
      expect(verdict).toBe('tampered');
      expect(findings).toContainEqual(
        expect.objectContaining({ check: 'leaf', stream: `session:${theirs.session_id}`, index, event_sequence: 99 }),
      );
      expect(await verify(people.admin, { scope: 'all', level: 'log' })).toMatchObject({ verdict: 'intact@log' });
    } finally {
      await swap(2);
      client.release();
    }
  });

  test('is one run for all who ask for the same while it waits, and only so many wait for an institution', async () => {
    await stack.stopWorkers();
    const first = await begin(people.admin, { scope, level: 'self' });
    expect((await begin(people.admin, { scope, level: 'self' })).body).toEqual(first.body);
    const waiting = await runAt(first.body.location, people.admin);
    expect(waiting).toMatchObject({ state: 'waiting', verdict: null, report: null, finished_at: null });
    await stack.pool.query(
      `insert into integrity_runs (id, institution_id, is_leveled, scope)
       select gen_random_uuid(), $1, true, 'session:' || n from generate_series(2, $2) n`,
      [people.institution_id, MOST_WAITING],
    );
    const refused = await begin(people.admin, { scope: 'all', level: 'log' });
    expect(refused).toMatchObject({ status: 429, body: { code: 'rate_limited' } });
    expect((await begin(people.admin, { scope, level: 'self' })).body).toEqual(first.body);
    expect((await begin(cast().admin, { scope: 'all', level: 'log' })).status).toBe(202);
    await stack.pool.query(`delete from integrity_runs where scope ~ '^session:[0-9]+$'`);
    await stack.startWorkers();
    await vi.waitUntil(async () => (await runAt(first.body.location, people.admin)).state === 'done', PATIENCE);
  });

  test('is listed with all others, the newest first, to those who may ask for it', async () => {
    const own = cast();
    const newest = [];
    for (const level of ['self', 'log'] as const) newest.unshift((await verify(own.admin, { scope: 'all', level })).id);
    const first = await must(get(stack.url, '/integrity/runs?limit=1', own.admin));
    const second = await must(get(stack.url, `/integrity/runs?limit=1&cursor=${first.next_cursor}`, own.admin));
    expect([...first.items, ...second.items].map(({ id }: Json) => id)).toEqual(newest);
    expect(second.next_cursor).toBeNull();
    const all = await must(get(stack.url, '/integrity/runs', root));
    expect(all.items.length).toBeGreaterThan(2);
    expect((await get(stack.url, '/integrity/runs?cursor=x', root)).status).toBe(422);
  });

  test('that global-verify began has besides what that answers', async () => {
    const record = await must(get(stack.url, '/integrity/global-verify', people.admin));
    const { items } = await must(get(stack.url, '/integrity/runs?limit=1', people.admin));
    const run = await runAt(`/integrity/runs/${items[0].id}`, people.admin);
    expect(run).toMatchObject({ ...record, scope: 'all', level: 'self', state: 'done', verdict: 'intact@self' });
    expect(run.report).toContain('intact@self');
  });
});
