/**
 * What was said is erased, and then looked for wherever bytes of ours lie: rows, Postgres's files after VACUUM FULL, Redis as
 * it would be saved, the log of every process and of Postgres, files, a backup, a bundle, answers and what a listener is told.
 */
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { takeBackup } from '../../src/backup/takeBackup.ts';
import { openZip } from '../../src/verifier/zip.ts';
import { checkHistory } from '../support/checkHistory.ts';
import { get, type Json, must, openSession, person, post } from '../support/client.ts';
import type { TestDatabase } from '../support/database.ts';
import { FORM, field, file, formOf } from '../support/exhibits.ts';
import { listenOnWebSocket } from '../support/listener.ts';
import { until } from '../support/processes.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { openScene, type Scene } from './scene.ts';

/** Short: Redis cuts what it saves, and rows what they show, in longer pieces. */
const WORDS = {
  note: 'Quillfeather',
  reason: 'Ottoline',
  ruling: 'Featherstone',
  corrected: 'Haughmond',
  why: 'Wigglesworth',
  title: 'Zzyzx-Charter',
  file: 'Xanthippe',
  name: 'Bartholomew',
  violation: 'Umberlade',
};
type Word = keyof typeof WORDS;
const SOON = 60_000;

describe.skipIf(inject('redisUrl') === null)('words that were erased', () => {
  let redis: TestRedis;
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'plearoll-erased-'));
    redis = await startRedis(['--rdbcompression', 'no', '--dir', folder]);
  });
  afterAll(async () => {
    await redis.stop();
    await rm(folder, { recursive: true, force: true });
  });

  test('are nowhere', { timeout: 300_000 }, async () => {
    const scene = await openScene({ redisUrl: redis.url });
    const env = { LOG_LEVEL: 'debug', PLEAROLL_HOME: join(folder, 'home'), BLOB_DIR: join(folder, 'blobs') };
    const [api, , relay] = await Promise.all([
      scene.startApi(env),
      scene.startWorker(env),
      scene.startRelay(env),
      scene.startScheduler(env),
      scene.startSigner(env),
    ]);
    const { people, database } = scene;
    const superAdmin = person('super_admin');
    people.respondent.name = WORDS.name;
    const { path, session_id } = await openSession(api.url, people);
    const heard = () => listenOnWebSocket(relay.url, { token: people.student.token, session_id, last_sequence: 0 });
    const listener = await heard();
    const { key, note } = await say(api.url, path, people, superAdmin);
    await until('a listener was told', () => JSON.stringify(listener.messages).includes(WORDS.violation), SOON);
    await redis.tell('SAVE');
    await database.pool.query('checkpoint');
    const before = await foundIn(scene, folder, path, api.url);
    const files = await onDisk(database);
    if (files) expect(wordsIn(files)).toEqual(before.rows);
    expect(before.rows).toEqual(Object.keys(WORDS).filter((word) => word !== 'file'));
    expect(before.files).toEqual(['file']);
    expect([before.bundle.length, before.backup]).toEqual([9, before.rows]);
    expect([before.logs, before.home]).toEqual([[], []]);

    for (const stream of ['session', 'assignment'] as const) await eraseAll(scene, api.url, path, stream);
    await until(
      'its file is gone',
      async () => (await wordsIn(await filesBelow(join(folder, 'blobs')))).length === 0,
      SOON,
    );
    // Boards follow what was committed; what they were told last is what Redis has of it.
    const shown = async () => wordsOf(JSON.stringify(await Promise.all((await keysOfBoards(redis)).map(told(redis)))));
    await until('boards show them no more', async () => (await shown()).length === 0, SOON);
    await redis.tell('SAVE');
    const after = await foundIn(scene, folder, path, api.url);
    expect(after).toEqual(Object.fromEntries(Object.keys(after).map((place) => [place, []])));
    await database.pool.query('vacuum full');
    await database.pool.query('checkpoint');
    expect(wordsIn((await onDisk(database)) ?? [])).toEqual([]);

    // What the request was is not kept either: whether this is the same nobody can say.
    const again = await post(api.url, `${path}/log`, people.presiding, note, { 'idempotency-key': key });
    expect(again).toMatchObject({ status: 422, body: { code: 'idempotency_key_reused' } });
    expect(wordsOf(JSON.stringify(again.body))).toEqual([]);
    await until(
      'a listener that comes is told nothing of it',
      async () => {
        const late = await heard();
        await late.until(({ type }) => type === 'SYNCED');
        late.close();
        return wordsOf(JSON.stringify(late.messages)).length === 0;
      },
      SOON,
    );
    listener.close();
    await checkHistory(database, []);
  });
});

const keysOfBoards = async (redis: TestRedis) => (await redis.tell('KEYS', '*snap:match:*')) as string[];
const told = (redis: TestRedis) => (key: string) => redis.tell('GET', key);

/** Something of everything that can be erased. */
async function say(url: string, path: string, people: Scene['people'], superAdmin: Json) {
  const act = async (verb: string, who: Json, body?: Json, headers = {}) =>
    (await must(post(url, `${path}/${verb}`, who as never, body, headers))).result;
  const key = 'a-note';
  const note = { event_type: 'BENCH_NOTE', details: { text: WORDS.note } };
  await act('log', people.presiding, note, { 'idempotency-key': key });
  await act('join', people.respondent, { role: 'respondent' });
  const { items } = await must(get(url, `${path}/turns`, people.admin));
  const turn = items.find(({ side }: Json) => side === 'respondent') ?? items[0];
  const turn_id = turn.id as string;
  await act('turn/start', people.presiding, { turn_id, speaker_id: people.respondent.id });
  const objecting = { turn_id, ground: 'procedural', reason: WORDS.reason };
  const { id: objection_id } = await act('objection/raise', people.petitioner, objecting);
  await act('objection/rule', people.presiding, { objection_id, decision: 'overruled', ruling: WORDS.ruling });
  const correction = { objection_id, decision: 'sustained', ruling: WORDS.corrected, reason: WORDS.why };
  await act('objection/correct', people.presiding, correction);
  const pdf = Buffer.from(`%PDF-1.7\n${WORDS.file}\n%%EOF\n`, 'latin1');
  const form = formOf(field('title', WORDS.title), field('side', 'respondent'), file(new Uint8Array(pdf)));
  await act('exhibit/upload', superAdmin, form as never, { 'content-type': FORM });
  const late = { turn_id, user_id: people.respondent.id, kind: 'late', description: WORDS.violation };
  await act('violation/record', people.presiding, late);
  return { key, note };
}

async function eraseAll({ database }: Scene, url: string, path: string, stream: 'session' | 'assignment') {
  const { rows } = await database.pool.query<{ sequence: number }>(
    'select sequence from events where stream like $1 order by sequence',
    [`${stream}:%`],
  );
  for (const { sequence: event_sequence } of rows) {
    const body = { event_sequence, reason: 'personal_data', stream };
    const { status, body: said } = await post(url, `${path}/erase`, person('super_admin'), body);
    if (status !== 200) expect(said).toMatchObject({ status: 409, code: 'not_erasable' });
  }
}

/** Which of the words are where. */
async function foundIn({ database, processes, people }: Scene, folder: string, path: string, url: string) {
  const backup = join(folder, 'backup');
  await takeBackup(database.url, backup);
  const found = {
    rows: wordsOf(await textOfRows(database)),
    files: wordsIn(await filesBelow(join(folder, 'blobs'))),
    bundle: wordsIn(await filesOfBundle(`${url}${path}/bundle`, people.admin.token)),
    backup: wordsIn([gunzipSync(await readFile(backup))]),
    logs: wordsOf(processes.map(({ output }) => output()).join('\n')),
    redis: wordsIn(await filesBelow(folder, (file) => file.endsWith('.rdb'))),
    home: wordsIn(await filesBelow(join(folder, 'home'))),
  };
  await rm(backup);
  return found;
}

function wordsOf(text: string): Word[] {
  return (Object.keys(WORDS) as Word[]).filter((word) => text.includes(WORDS[word]));
}

const wordsIn = (files: Buffer[]) => wordsOf(files.map((bytes) => bytes.toString('latin1')).join('\n'));

async function filesBelow(folder: string, isMeant = (_: string) => true): Promise<Buffer[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = entries.filter((entry) => entry.isFile() && isMeant(entry.name));
  return Promise.all(files.map(({ parentPath, name }) => readFile(join(parentPath, name))));
}

async function textOfRows({ pool }: TestDatabase): Promise<string> {
  const { rows } = await pool.query<{ name: string }>(
    `select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname in ('public', 'bullmq')`,
  );
  const tables = rows.map(({ name }) => pool.query<{ t: string }>(`select t::text as t from ${name} t`));
  return (await Promise.all(tables)).flatMap((table) => table.rows.map(({ t }) => t)).join('\n');
}

async function filesOfBundle(url: string, token: string): Promise<Buffer[]> {
  const answer = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
  const zip = new Uint8Array(await answer.arrayBuffer());
  const source = await openZip({ size: zip.length, read: async (from, length) => zip.subarray(from, from + length) });
  const pieces: Uint8Array[] = [];
  for (const name of source.names()) for await (const piece of source.open(name)!) pieces.push(piece);
  return [Buffer.concat(pieces)];
}

/** The database's own files, when what is dead in them is gone; undefined where they lie elsewhere. */
async function onDisk({ pool }: TestDatabase): Promise<Buffer[] | undefined> {
  const { rows } = await pool.query<{ folder: string }>(
    `select current_setting('data_directory') || '/base/' || oid as folder from pg_database where datname = current_database()`,
  );
  const folder = rows[0]!.folder;
  return existsSync(folder) ? filesBelow(folder) : undefined;
}
