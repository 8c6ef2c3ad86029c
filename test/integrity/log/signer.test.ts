/** Checkpoints: what is signed grew from what was signed before, whatever the database says and wherever the signer was ended. */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type pg from 'pg';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { LostState, type SigningTools, signCheckpoint } from '../../../jobs/log/checkpoints.ts';
import { measureLag } from '../../../jobs/log/measureLag.ts';
import { createSequencer } from '../../../jobs/log/sequencer.ts';
import { type Signer, startSigner } from '../../../jobs/log/signer.ts';
import { createSinks } from '../../../jobs/log/sinks.ts';
import { type Checkpoint, checkpointText, isGrowth, parseCheckpoint } from '../../../src/core/proof/checkpoint.ts';
import { parseHeadText } from '../../../src/core/proof/headNote.ts';
import { parseVkey } from '../../../src/core/proof/keys.ts';
import { consistencySpans, merkleRoot } from '../../../src/core/proof/merkle.ts';
import { formatNote } from '../../../src/core/proof/note.ts';
import { openNote } from '../../../src/core/proof/openNote.ts';
import { drawKeyText, drawSeed, parseKeyText, signingKey, signText } from '../../../src/core/proof/signNote.ts';
import { createInProcessBroadcast } from '../../../src/infra/broadcast/inProcess.ts';
import { openPool } from '../../../src/infra/postgres/database.ts';
import { readConfig } from '../../../src/infra/process/config.ts';
import { ForkedLog } from '../../../src/infra/signer/evidence.ts';
import { createHeadSigner } from '../../../src/infra/signer/heads.ts';
import { readOrMakeKey } from '../../../src/infra/signer/keyFile.ts';
import { reanchor } from '../../../src/infra/signer/reanchor.ts';
import { type SignerFiles, signerFiles } from '../../../src/infra/signer/signerFiles.ts';
import { emptyState, readState, stateOf, storeState } from '../../../src/infra/signer/stateFile.ts';
import { createMetrics, type Metrics } from '../../../src/infra/telemetry/metrics.ts';
import { readSpanRoots } from '../../../src/integrity/log/tileRows.ts';
import { InconsistentLog } from '../../../src/integrity/log/unsigned.ts';
import { cloneDatabase, type TestDatabase } from '../../support/database.ts';
import { changeActor, newStream, sequenceAll } from '../../support/logStreams.ts';

const origin = 'court.example/log';

let database: TestDatabase;
let pool: pg.Pool;
let folder: string;
let tools: SigningTools;

beforeEach(async () => {
  database = await cloneDatabase();
  pool = openPool(database.url, 'worker', 4, () => {});
  folder = await mkdtemp(join(tmpdir(), 'plearoll-signer-'));
  const stateFile = join(folder, 'state.json');
  await storeState(stateFile, emptyState(origin));
  tools = { pool, key: signingKey(origin, 'ed25519', drawSeed()), origin, stateFile };
});

afterEach(async () => {
  await pool.end();
  await database.drop();
  await rm(folder, { recursive: true, force: true });
});

const rows = async (text: string, ...values: unknown[]) => (await database.pool.query(text, values)).rows;
const notes = async () =>
  (await rows('select note from log_checkpoints order by size')).map(({ note }) => note as string);
const open = async (note: string) => parseCheckpoint((await openNote(note, [tools.key])).text);
const hashes = async () =>
  (
    await rows(
      `select encode(e.event_hash, 'hex') as hash from log_leaves join events e using (stream, sequence) order by index`,
    )
  ).map(({ hash }) => hash as string);

/** What was signed, in order, each grown from the one before by a proof made from the tiles. */
async function expectGrowth(): Promise<Checkpoint[]> {
  let last: Checkpoint = emptyState(origin).checkpoint;
  const signed: Checkpoint[] = [];
  for (const note of await notes()) {
    const next = await open(note);
    const proof = await readSpanRoots(pool as never, consistencySpans(last.size, next.size));
    expect(isGrowth(last, next, proof)).toBe(true);
    signed.push(next);
    last = next;
  }
  expect(last.root).toBe(merkleRoot((await hashes()).slice(0, last.size)));
  return signed;
}

async function grow(count: number): Promise<ReturnType<typeof newStream>> {
  const stream = newStream(pool);
  await stream.grow(count);
  await sequenceAll(pool);
  return stream;
}

test('each checkpoint is of all that was in the log, and grew from the one before; nothing new is nothing signed', async () => {
  await grow(3);
  expect(await signCheckpoint(tools)).toMatchObject({ signed: { origin, size: 3 }, isAll: true });
  expect(await signCheckpoint(tools)).toBeUndefined();
  for (const count of [254, 300]) {
    await grow(count);
    await signCheckpoint(tools);
  }
  expect((await expectGrowth()).map(({ size }) => size)).toEqual([3, 257, 557]);
  expect((await readState(tools.stateFile, origin))!.note).toBe((await notes()).at(-1));
});

describe('nothing is signed', () => {
  beforeEach(async () => {
    await grow(5);
    await signCheckpoint(tools);
    await grow(2);
  });

  test('without a state, however long it waits, until an operator names a checkpoint', async () => {
    await rm(tools.stateFile);
    for (let i = 0; i < 2; i += 1) await expect(signCheckpoint(tools)).rejects.toThrow(LostState);
    await storeState(tools.stateFile, stateOf((await notes())[0]!));
    expect(await signCheckpoint(tools)).toMatchObject({ signed: { size: 7 } });
    await expectGrowth();
  });

  test('with a state that is older than what was signed by it', async () => {
    await storeState(tools.stateFile, emptyState(origin));
    await expect(signCheckpoint(tools)).rejects.toThrow('the state is of 0, and 5 leaves are signed');
  });

  test('with the state of another log', async () => {
    await storeState(tools.stateFile, emptyState('court.example/other'));
    await expect(signCheckpoint(tools)).rejects.toThrow('is the state of court.example/other');
  });

  test('of a database that was put back to before the last checkpoint', async () => {
    const before = await cloneDatabase();
    const older = openPool(before.url, 'worker', 2, () => {});
    await newStream(older).grow(3);
    await sequenceAll(older);
    const signing = signCheckpoint({ ...tools, pool: older });
    await expect(signing).rejects.toThrow(InconsistentLog);
    await expect(signing).rejects.toThrow('the log has 3 leaves, and 5 are signed');
    await older.end();
    await before.drop();
  });

  test('of another history that is as long: a record that was written anew, hashes and tiles and all', async () => {
    const forged = await cloneDatabase();
    const other = openPool(forged.url, 'worker', 2, () => {});
    await newStream(other).grow(9);
    await sequenceAll(other);
    await expect(signCheckpoint({ ...tools, pool: other })).rejects.toThrow('another root than was signed at 5');
    await other.end();
    await forged.drop();
  });

  test('while a tile below the checkpoint is not what it was, and again when it is', async () => {
    const turn = `
      begin; alter table log_tiles disable trigger user;
      update log_tiles set hashes = set_bit(hashes, 9, 1 - get_bit(hashes, 9)) where level = 0 and index = 0;
      alter table log_tiles enable always trigger signed_hashes_stay, enable always trigger tiles_stay; commit`;
    await rows(turn);
    await expect(signCheckpoint(tools)).rejects.toThrow(InconsistentLog);
    expect(await notes()).toHaveLength(1);
    await rows(turn);
    expect(await signCheckpoint(tools)).toMatchObject({ signed: { size: 7 } });
  });

  test('after another tree of the same size was signed, in the database or by the state: both notes are kept', async () => {
    const text = checkpointText({ origin, size: 5, root: 'ab'.repeat(32) });
    const fork = formatNote({ text, signatures: [signText(text, tools.key)] });
    await storeState(tools.stateFile, stateOf(fork));
    for (let i = 0; i < 2; i += 1) await expect(signCheckpoint(tools)).rejects.toThrow(ForkedLog);
    expect(await rows('select kind, size::integer, note, other from log_evidence')).toEqual([
      { kind: 'fork', size: 5, note: fork, other: (await notes())[0] },
    ]);
    expect(await notes()).toHaveLength(1);
  });

  test('while the checkpoint in the database is none that the key signed, which proves nothing against the key', async () => {
    const key = signingKey(origin, 'ed25519', drawSeed());
    const text = checkpointText({ origin, size: 5, root: 'ab'.repeat(32) });
    await storeState(tools.stateFile, stateOf(formatNote({ text, signatures: [signText(text, key)] })));
    await expect(signCheckpoint({ ...tools, key })).rejects.toThrow('none that was signed');
    expect(await rows('select from log_evidence')).toEqual([]);
  });

  test('by two at once', async () => {
    const signings = await Promise.all([signCheckpoint(tools), signCheckpoint(tools)]);
    expect(signings.filter((signing) => signing !== undefined)).toHaveLength(1);
    await expectGrowth();
  });
});

test('a leaf that is no longer its event holds back its own stream: all others are signed, and it too when it is repaired', async () => {
  await grow(300);
  await signCheckpoint(tools);
  const bad = await grow(3);
  await grow(400);
  await rows(changeActor(bad.stream, 2, 'somebody'));
  const text = expect.stringContaining('Leaf mismatch at sequence 2: leaf 301 is ');
  expect(await signCheckpoint(tools)).toEqual({ bad: [{ index: 301, stream: bad.stream, sequence: 2, text }] });
  expect(await rows('select size::integer from log_state')).toEqual([{ size: 300 }]);
  await sequenceAll(pool);
  expect(await signCheckpoint(tools)).toMatchObject({ signed: { size: 701 } });
  expect(await rows('select stream, sequence from log_held')).toEqual([{ stream: bad.stream, sequence: 2 }]);
  await rows(changeActor(bad.stream, 2, 'system'));
  await rows(`update log_state set swept = '', sweep_due = '-infinity'`);
  await sequenceAll(pool);
  expect(await signCheckpoint(tools)).toMatchObject({ signed: { size: 703 } });
  await expectGrowth();
});

test('a tile that was bent before it was signed is made anew from the events', async () => {
  await grow(300);
  await rows('update log_tiles set hashes = set_bit(hashes, 9, 1 - get_bit(hashes, 9)) where level = 0 and index = 0');
  expect(await signCheckpoint(tools)).toMatchObject({ bad: [{ index: 0 }] });
  await rows(`update log_state set swept = '', sweep_due = '-infinity'`);
  await sequenceAll(pool);
  expect(await signCheckpoint(tools)).toMatchObject({ signed: { size: 300 } });
  await expectGrowth();
});

test('ended between its state and the database, a signer tells what it had signed, and goes on from there', async () => {
  await grow(4);
  const killed = signCheckpoint({
    ...tools,
    reach: (point) => {
      if (point === 'stored') throw new Error('killed');
    },
  });
  await expect(killed).rejects.toThrow('killed');
  expect(await notes()).toEqual([]);
  await grow(1);
  await signCheckpoint(tools);
  expect((await expectGrowth()).map(({ size }) => size)).toEqual([4, 5]);
});

test('how long events are without a checkpoint is measured, in the queue and in the log, whoever stands still', async () => {
  const metrics = createMetrics();
  const lag = async () => (await metrics.checkpointLag.get()).values[0]!.value;
  expect(await measureLag(pool as never)).toBe(0);
  const stream = newStream(pool);
  await stream.grow(2);
  expect(await measureLag(pool as never)).toBeGreaterThan(0);
  await sequenceAll(pool);
  const log = { error() {}, info() {}, debug() {} };
  const sequencer = createSequencer({ pool, metrics, log, broadcast: createInProcessBroadcast() } as never);
  await expect.poll(lag, { timeout: 20_000 }).toBeGreaterThan(0);
  sequencer.close();
  await signCheckpoint(tools);
  expect(await measureLag(pool as never)).toBe(0);
});

describe('a key', () => {
  test('is made once, for its owner alone, and is the same for all who ask at once', async () => {
    const file = join(folder, 'keys/log.key');
    const keys = await Promise.all(Array.from({ length: 4 }, () => readOrMakeKey(file, origin)));
    expect(new Set(keys.map(({ key_id }) => key_id)).size).toBe(1);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await readOrMakeKey(file, 'another')).name).toBe(origin);
  });

  test('that cannot be read, or is none, is never replaced', async () => {
    const file = join(folder, 'log.key');
    for (const text of ['', 'no key', drawKeyText('w', 'cosignature'), drawKeyText('w', 'ed25519').slice(0, -4)]) {
      await writeFile(file, text);
      await chmod(file, 0o600);
      await expect(readOrMakeKey(file, origin)).rejects.toThrow('holds no key');
      expect(await readFile(file, 'utf8')).toBe(text);
    }
  });

  test('comes back from its text', () => {
    const text = drawKeyText(`w-${randomUUID()}`, 'cosignature');
    expect(parseKeyText(text)?.algorithm).toBe('cosignature');
    expect(parseKeyText(text.replace('w-', 'v-'))).toBeUndefined();
  });
});

describe('the signer as a part', () => {
  let errors: object[];

  async function start(): Promise<{ signer: Signer; metrics: Metrics; headKey: string }> {
    const config = readConfig({ PLEAROLL_HOME: folder, CHECKPOINT_SECONDS: '0.1', LOG_ORIGIN: origin }, 'all', false);
    const metrics = createMetrics();
    errors = [];
    const log = { info() {}, warn() {}, error: (fields: object) => errors.push(fields) };
    const opens = () => openPool(database.url, 'worker', 2, () => {});
    const backbone = {
      config,
      installation: 'here',
      metrics,
      log,
      broadcast: createInProcessBroadcast(),
      heartbeat: { join: async () => {}, leave: async () => {} },
      openPool: opens,
    };
    const signer = await startSigner(backbone as never);
    return { signer, metrics, headKey: signerFiles(config, 'here').headKey };
  }
  const refuses = async (metrics: Metrics) => (await metrics.signerRefuses.get()).values[0]!.value;

  test('makes keys and state at its first start, signs, and says its keys; a second key retires the first', async () => {
    await grow(3);
    const { signer, metrics, headKey } = await start();
    await expect.poll(notes, { timeout: 25_000 }).toHaveLength(1);
    expect((await metrics.signedSize.get()).values[0]!.value).toBe(3);
    await signer.close();
    const keys = await rows('select name, use, from_size::integer, retired_at from log_keys order by use');
    expect(keys).toEqual([
      { name: `${origin}/head`, use: 'head', from_size: 3, retired_at: null },
      { name: origin, use: 'log', from_size: 3, retired_at: null },
    ]);
    const vkeys = (await rows('select vkey from log_keys')).map(({ vkey }) => parseVkey(vkey)!);
    expect((await openNote((await notes())[0]!, vkeys)).signed_by).toMatchObject([{ name: origin }]);
    const head = { stream: `session:${randomUUID()}`, sequence: 3, event_hash: 'ab'.repeat(32) };
    const note = await createHeadSigner(headKey, { warn() {} }).sign(head, new Date(0));
    expect(parseHeadText((await openNote(note!, vkeys)).text)).toEqual({ ...head, at: '1970-01-01T00:00:00.000Z' });
    await rm(join(folder, 'signer/here/log.key'));
    await grow(2);
    const again = await start();
    await expect.poll(notes, { timeout: 25_000 }).toHaveLength(2);
    await again.signer.close();
    expect(
      await rows(`select count(*)::integer, count(retired_at)::integer as retired from log_keys where use = 'log'`),
    ).toEqual([{ count: 2, retired: 1 }]);
  });

  test('says once that it refuses, makes no new state, and goes on when the state is back', async () => {
    await grow(3);
    const { signer } = await start();
    await expect.poll(notes, { timeout: 25_000 }).toHaveLength(1);
    await signer.close();
    const stateFile = join(folder, 'signer/here/state.json');
    const state = await readFile(stateFile);
    await rm(stateFile);
    await grow(1);
    const { signer: lost, metrics } = await start();
    await expect.poll(() => refuses(metrics), { timeout: 25_000 }).toBe(1);
    expect(errors).toEqual([{ reason: `there is no state in ${stateFile}` }]);
    await writeFile(stateFile, state);
    await expect.poll(() => refuses(metrics), { timeout: 25_000 }).toBe(0);
    await expect.poll(notes, { timeout: 25_000 }).toHaveLength(2);
    await lost.close();
  });

  test('reads no head key where there is none', async () => {
    expect(await createHeadSigner(join(folder, 'none'), { warn() {} }).sign({} as never)).toBeUndefined();
  });
});

describe('an operator who names a checkpoint', () => {
  let files: SignerFiles;

  beforeEach(async () => {
    files = { origin, logKey: join(folder, 'log.key'), headKey: '', state: tools.stateFile, sinks: [] };
    tools.key = await readOrMakeKey(files.logKey, origin);
    await grow(5);
    await signCheckpoint(tools);
    await grow(2);
    await rm(tools.stateFile);
  });
  const evidence = () => rows('select kind, size::integer from log_evidence');

  test('lets the signer go on from it, and that is recorded', async () => {
    expect(await reanchor(pool, files, (await notes())[0]!)).toBe(5);
    expect(await evidence()).toEqual([{ kind: 'reanchored', size: 5 }]);
    expect(await signCheckpoint(tools)).toMatchObject({ signed: { size: 7 } });
    await expect(reanchor(pool, files, (await notes())[1]!)).rejects.toThrow('The state is there, of 7 leaves.');
    await expect(rows('delete from log_evidence')).rejects.toThrow('append-only');
  });

  test('names none that another key signed, nor one of another log', async () => {
    const other = signingKey(origin, 'ed25519', drawSeed());
    const text = (await notes())[0]!.split('\n\n')[0]!;
    const forged = formatNote({ text: `${text}\n`, signatures: [signText(`${text}\n`, other)] });
    await expect(reanchor(pool, files, forged)).rejects.toThrow('no signature of a known key');
    const elsewhere = checkpointText({ origin: 'elsewhere', size: 5, root: 'ab'.repeat(32) });
    const signed = formatNote({ text: elsewhere, signatures: [signText(elsewhere, tools.key)] });
    await expect(reanchor(pool, files, signed)).rejects.toThrow('The checkpoint is of elsewhere');
    expect(await readState(tools.stateFile, origin)).toBeUndefined();
  });

  test('who has another of the same size has the proof that two were signed: both are kept', async () => {
    const text = checkpointText({ origin, size: 5, root: 'ab'.repeat(32) });
    const fork = formatNote({ text, signatures: [signText(text, tools.key)] });
    await expect(reanchor(pool, files, fork)).rejects.toThrow('Two checkpoints of 5 leaves were signed');
    expect(await rows('select kind, note, other from log_evidence')).toEqual([
      { kind: 'fork', note: fork, other: (await notes())[0] },
    ]);
    await expect(signCheckpoint(tools)).rejects.toThrow(LostState);
  });
});

describe('sinks', () => {
  test('get each checkpoint in order, one that is away later, and hold up no other', async () => {
    const got: string[] = [];
    let isAway = true;
    const server = createServer((req, res) => {
      let body = '';
      req.on('data', (piece) => {
        body += piece;
      });
      req.on('end', () => {
        if (!isAway) got.push(body);
        res.writeHead(isAway ? 503 : 204).end();
      });
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const file = join(folder, 'elsewhere/checkpoints.txt');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const metrics = createMetrics();
    const warned: object[] = [];
    const log = { warn: (fields: object) => warned.push(fields) };
    const sinks = createSinks([url, `file:${file}`], { db: pool, metrics, log: log as never });
    const afterDelivery = (read: () => Promise<unknown>) => () => {
      sinks.deliver();
      return read();
    };
    for (const count of [3, 4]) {
      await grow(count);
      await signCheckpoint(tools);
      sinks.deliver();
    }
    const inFile = async () =>
      (await readFile(file, 'utf8').catch(() => '')).split(/(?<=\n)\n(?=court|$)/).filter(Boolean);
    await expect
      .poll(
        afterDelivery(async () => inFile()),
        { timeout: 10_000 },
      )
      .toEqual(await notes());
    await expect.poll(() => warned.length).toBeGreaterThan(0);
    await expect.poll(async () => (await metrics.sinkLag.get()).values[0]!.value).toBeGreaterThan(0);
    isAway = false;
    await expect
      .poll(
        afterDelivery(async () => got),
        { timeout: 10_000 },
      )
      .toEqual(await notes());
    await expect.poll(afterDelivery(async () => (await metrics.sinkLag.get()).values[0]!.value)).toBe(0);
    await sinks.close();
    expect(await inFile()).toEqual(await notes());
    server.close();
  });
});
