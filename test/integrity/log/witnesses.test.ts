/** Checkpoints and their witnesses: what is cosigned stands under the note, and what a witness refuses is said. */
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type pg from 'pg';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type SigningTools, signCheckpoint } from '../../../jobs/log/checkpoints.ts';
import type { Deliveries } from '../../../jobs/log/deliveries.ts';
import { createWitnesses } from '../../../jobs/log/witnesses.ts';
import { checkpointText } from '../../../src/core/proof/checkpoint.ts';
import { formatNote, formatSignature, parseNote } from '../../../src/core/proof/note.ts';
import { openNote } from '../../../src/core/proof/openNote.ts';
import { cosignText, drawSeed, type SigningKey, signingKey, signText } from '../../../src/core/proof/signNote.ts';
import { parseRequest, requestText } from '../../../src/core/proof/witness.ts';
import { openPool } from '../../../src/infra/postgres/database.ts';
import { closeServer, listen } from '../../../src/infra/process/httpServer.ts';
import { emptyState, storeState } from '../../../src/infra/signer/stateFile.ts';
import { createMetrics, type Metrics } from '../../../src/infra/telemetry/metrics.ts';
import { createWitness, prepareWitness, type Witness } from '../../../src/infra/witness/witness.ts';
import { createWitnessServer } from '../../../src/infra/witness/witnessServer.ts';
import { readCheckpoint, readCheckpointPage } from '../../../src/integrity/log/readCheckpoints.ts';
import { cloneDatabase, type TestDatabase } from '../../support/database.ts';
import { newStream, sequenceAll } from '../../support/logStreams.ts';

const origin = 'court.example/log';
const SOON = { timeout: 25_000 };

let database: TestDatabase;
let pool: pg.Pool;
let folder: string;
let tools: SigningTools;
let metrics: Metrics;
let errors: { reason: string }[];
let servers: Server[];
let sending: Deliveries[];

beforeEach(async () => {
  database = await cloneDatabase();
  pool = openPool(database.url, 'worker', 4, () => {});
  folder = await mkdtemp(join(tmpdir(), 'plearoll-witnesses-'));
  const stateFile = join(folder, 'state.json');
  await storeState(stateFile, emptyState(origin));
  tools = { pool, key: signingKey(origin, 'ed25519', drawSeed()), origin, stateFile };
  metrics = createMetrics();
  [errors, servers, sending] = [[], [], []];
});
afterEach(async () => {
  for (const one of sending) await one.close();
  for (const server of servers) await closeServer(server);
  await pool.end();
  await database.drop();
  await rm(folder, { recursive: true, force: true });
});

/** Each makes the log grow and signs it. */
async function sign(...counts: number[]): Promise<void> {
  for (const count of counts) {
    await newStream(pool).grow(count);
    await sequenceAll(pool);
    await signCheckpoint(tools);
  }
}
async function open(server: Server): Promise<string> {
  servers.push(server);
  return `http://127.0.0.1:${await listen(server, '127.0.0.1', 0, 0)}`;
}
async function openWitness(name: string): Promise<{ key: SigningKey; url: string; witness: Witness }> {
  const stateFile = join(folder, name);
  const key = await prepareWitness(origin, stateFile, `${stateFile}.key`, `witness.example/${name}`);
  const witness = createWitness({ logKeys: [tools.key], key, stateFile, now: Date.now, warn() {} });
  return { key, witness, url: await open(createWitnessServer(witness, () => {})) };
}
function send(witnesses: { key: SigningKey; url: string }[], most?: number): Deliveries {
  const log = { warn() {}, info() {}, error: (fields: { reason: string }) => errors.push(fields) };
  const deliveries = createWitnesses(witnesses, { db: pool, metrics, log: log as never, ...(most && { most }) });
  sending.push(deliveries);
  return deliveries;
}
const lag = async () => (await metrics.witnessLag.get()).values[0]!.value;
const refusing = async () => (await metrics.witnessesRefusing.get()).values[0]!.value;
/** By size, oldest first. */
const cosigned = async () =>
  (await readCheckpointPage(pool, null, 50)).map(({ size, cosigned_by }) => [size, cosigned_by]).toReversed();
const afterDelivery = (deliveries: Deliveries, read: () => Promise<unknown>) => async () => {
  deliveries.deliver();
  return read();
};

test('each checkpoint is cosigned by each witness, and its note is given out with their lines', async () => {
  await sign(3, 4);
  const [one, two] = [await openWitness('w1'), await openWitness('w2')];
  const deliveries = send([one, two]);
  const both = ['witness.example/w1', 'witness.example/w2'];
  await expect.poll(afterDelivery(deliveries, cosigned), SOON).toEqual([
    [3, both],
    [7, both],
  ]);
  await sign(300);
  await expect.poll(afterDelivery(deliveries, cosigned), SOON).toContainEqual([307, both]);
  await expect.poll(afterDelivery(deliveries, lag)).toBe(0);
  for (const size of [3, 7, 307]) {
    const { note } = (await readCheckpoint(pool, size))!;
    const { signed_by } = await openNote(note, [tools.key, one.key, two.key]);
    expect(signed_by.map(({ name }) => name).sort()).toEqual([origin, ...both]);
  }
  expect(errors).toEqual([]);
});

test('a witness that is away gets what it missed, and holds up no other', async () => {
  const [here, away] = [await openWitness('here'), await openWitness('away')];
  const url = await open(createServer((_, res) => res.writeHead(503).end()));
  const deliveries = send([here, { ...away, url }]);
  await sign(3, 4);
  await expect.poll(afterDelivery(deliveries, cosigned), SOON).toEqual([
    [3, ['witness.example/here']],
    [7, ['witness.example/here']],
  ]);
  await expect.poll(lag).toBeGreaterThan(0);
  const back = send([here, away]);
  await expect
    .poll(afterDelivery(back, cosigned), SOON)
    .toContainEqual([3, ['witness.example/away', 'witness.example/here']]);
  await expect.poll(afterDelivery(back, lag)).toBe(0);
});

test('a witness that was shown a later checkpoint by another cosigns from there', async () => {
  await sign(3, 4, 5);
  const ahead = await openWitness('ahead');
  const note = (await readCheckpoint(pool, 7))!.note;
  expect((await ahead.witness.answer(requestText({ old: 0, hashes: [], note }))).status).toBe(200);
  const all = [
    [3, []],
    [7, ['witness.example/ahead']],
    [12, ['witness.example/ahead']],
  ];
  await expect.poll(afterDelivery(send([ahead]), cosigned), SOON).toEqual(all);
});

test('a witness that missed more than one turn sends gets the newest of them', async () => {
  await sign(1, 1, 1, 1);
  const late = await openWitness('late');
  const names = ['witness.example/late'];
  const expected = [
    [1, []],
    [2, []],
    [3, names],
    [4, names],
  ];
  await expect.poll(afterDelivery(send([late], 2), cosigned), SOON).toEqual(expected);
});

test('a witness that refused cosigns again, and that is seen', async () => {
  await sign(5);
  const key = signingKey('witness.example/w', 'cosignature', drawSeed());
  let isMended = false;
  const server = createServer(async (req, res) => {
    let body = '';
    for await (const piece of req) body += piece;
    const line = cosignText(parseNote(parseRequest(body).note).text, key, Math.floor(Date.now() / 1_000));
    res.writeHead(isMended ? 200 : 403).end(formatSignature(line));
  });
  const deliveries = send([{ key, url: await open(server) }]);
  await expect.poll(afterDelivery(deliveries, refusing), SOON).toBe(1);
  isMended = true;
  await expect.poll(afterDelivery(deliveries, refusing), SOON).toBe(0);
  expect(await cosigned()).toEqual([[5, [key.name]]]);
});

describe('a witness refuses', () => {
  const expectRefusal = async (witness: { key: SigningKey; url: string }, reason: string) => {
    const deliveries = send([witness]);
    for (let i = 0; i < 2; i += 1) {
      metrics.witnessesRefusing.set(0);
      await expect.poll(afterDelivery(deliveries, refusing), SOON).toBe(1);
    }
    // However often it is asked, it is said once.
    expect(errors).toEqual([{ reason: expect.stringContaining(reason), witness: 1 }]);
    expect((await pool.query('select from log_cosignatures')).rowCount).toBe(0);
  };
  const seen = async (witness: Witness, size: number) => {
    const text = checkpointText({ origin, size, root: 'ab'.repeat(32) });
    const note = formatNote({ text, signatures: [signText(text, tools.key)] });
    expect((await witness.answer(requestText({ old: 0, hashes: [], note }))).status).toBe(200);
  };

  test('a log that is shorter than what it has seen', async () => {
    await sign(5);
    const witness = await openWitness('w');
    await seen(witness.witness, 8);
    await expectRefusal(witness, 'it has cosigned 8 leaves, and 5 are signed');
  });

  test('a log that was written anew', async () => {
    await sign(5);
    const witness = await openWitness('w');
    await seen(witness.witness, 3);
    await expectRefusal(witness, 'it answered 422');
  });

  test('another tree of the same size', async () => {
    await sign(5);
    const witness = await openWitness('w');
    await seen(witness.witness, 5);
    await expectRefusal(witness, 'it answered 409: another root was cosigned at 5');
  });

  test('a key that it does not know', async () => {
    const witness = await openWitness('w');
    tools.key = signingKey(origin, 'ed25519', drawSeed());
    await sign(5);
    await expectRefusal(witness, 'it answered 403');
  });

  const key = signingKey('witness.example/w', 'cosignature', drawSeed());
  const now = () => Math.floor(Date.now() / 1_000);
  test.each<[string, (text: string) => string, string]>([
    ['no line', () => '', 'no cosignature of its key'],
    ['a line that is none', () => '\u2014 witness.example/w AAAA\n', 'no cosignature of its key'],
    ['the cosignature of another text', () => formatSignature(cosignText('x\n', key, now())), 'no cosignature'],
    [
      'that of another key of its name',
      (text) => formatSignature(cosignText(text, signingKey(key.name, 'cosignature', drawSeed()), now())),
      'no cosignature',
    ],
    ['a time that is long ago', (text) => formatSignature(cosignText(text, key, now() - 9_000)), 'its clock is wrong'],
  ])('nothing, but answers %s: nothing is kept', async (_, answer, reason) => {
    await sign(5);
    const server = createServer(async (req, res) => {
      let body = '';
      for await (const piece of req) body += piece;
      res.end(answer(parseNote(parseRequest(body).note).text));
    });
    await expectRefusal({ key, url: await open(server) }, reason);
  });
});
