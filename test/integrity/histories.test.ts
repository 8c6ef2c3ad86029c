/**
 * Histories that were recorded once, by this version and by those before it, as they are exported. Each is read, folded,
 * stored, verified and restored by the code as it is now, and the same commands still record the same events. The two
 * named before- were recorded by the code as it stood before there were formats, and exhibits.
 */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { restoreBackup } from '../../src/backup/restoreBackup.ts';
import { takeBackup } from '../../src/backup/takeBackup.ts';
import type { Decided } from '../../src/core/apply/decideBatch.ts';
import { record } from '../../src/core/apply/execute.ts';
import { lapsingOf } from '../../src/core/apply/lapsing.ts';
import { evolveWith, initialState } from '../../src/core/apply/streamStates.ts';
import { canonicalPayload, GENESIS_HASH, payloadCommitment } from '../../src/core/chain/chain.ts';
import {
  EVENT_COLUMNS,
  type EventRow,
  exportedEvent,
  hashOf,
  headAfter,
  recordedEvent,
} from '../../src/core/chain/ledger.ts';
import type { ExportedEvent, JsonObject } from '../../src/core/definitions/event.ts';
import { kindOf } from '../../src/core/definitions/stream.ts';
import { inTransaction, openPool } from '../../src/infra/postgres/database.ts';
import { catalog } from '../../src/modules.ts';
import { cloneDatabase, type TestDatabase } from '../support/database.ts';
import { readRecorded } from '../support/kept.ts';
import { playScripted, scriptedRounds } from '../support/scriptedRounds.ts';

const FOLDER = join(import.meta.dirname, '../histories');

const lineOf = (row: EventRow) => `${JSON.stringify(exportedEvent(row, catalog.kinds.get(kindOf(row.stream))!))}\n`;
const histories = new Map<string, EventRow[]>();

for (const name of scriptedRounds) {
  await readRecorded(`histories/${name}.ndjson`, () => playScripted(name).map(lineOf).join(''));
}
for (const file of (await readdir(FOLDER)).toSorted()) {
  const lines = (await readFile(join(FOLDER, file), 'utf8')).trimEnd().split('\n');
  histories.set(
    file.replace('.ndjson', ''),
    lines.map((line) => rowOf(JSON.parse(line) as ExportedEvent)),
  );
}

function rowOf({
  event_sequence,
  payload,
  session_id: _,
  erased: __,
  ...event
}: ExportedEvent & { session_id?: string }): EventRow {
  return { ...event, sequence: event_sequence, payload: payload && canonicalPayload(payload) };
}

test('every type of event that can be recorded is in a history', () => {
  const recorded = new Set([...histories.values()].flat().map(({ event_type }) => event_type));
  expect([...catalog.events.keys()].filter((type) => !recorded.has(type))).toEqual([]);
});

describe.each([...histories.keys()])('the history %s', (name) => {
  const rows = histories.get(name)!;

  test('has the hashes that its events ask for', () => {
    const heads = new Map<string, { sequence: number; event_hash: string }>();
    for (const row of rows) {
      const { sequence, event_hash } = heads.get(row.stream) ?? { sequence: 0, event_hash: GENESIS_HASH };
      expect(row).toMatchObject({ sequence: sequence + 1, previous_hash: event_hash });
      if (row.payload !== null) {
        expect(row.payload_commitment).toBe(payloadCommitment(Buffer.from(row.payload_salt!, 'hex'), row.payload));
      }
      expect(row.event_hash).toBe(hashOf(row));
      heads.set(row.stream, row);
    }
  });

  test('is exported as it was', async () => {
    expect(rows.map(lineOf).join('')).toBe(await readFile(join(FOLDER, `${name}.ndjson`), 'utf8'));
  });
});

test.each(scriptedRounds)('the commands of %s still record the same events', (name) => {
  const said = ({ event_type, stream, sequence, event_id, actor_id, occurred_at, payload }: EventRow) => ({
    ...{ event_type, stream, sequence, event_id, actor_id, occurred_at, payload: withoutDigest(payload) },
  });
  expect(playScripted(name).map(said)).toEqual(histories.get(name)!.map(said));
});

describe('all histories, stored in one database', () => {
  let database: TestDatabase;
  let restored: TestDatabase;
  let folder: string;

  beforeAll(async () => {
    [database, restored] = [await cloneDatabase(), await cloneDatabase()];
    folder = await mkdtemp(join(tmpdir(), 'plearoll-histories-'));
  });
  afterAll(async () => {
    await Promise.all([database.drop(), restored.drop(), rm(folder, { recursive: true })]);
  });

  test('verify, digests and tables too, and are restored from a backup', async () => {
    await store(database.url);
    const file = join(folder, 'histories');
    const sessions = new Set([...histories.values()].flat().flatMap(({ stream }) => stream.match(/^session:.*/) ?? []));
    const intact = {
      ...{ sessions_checked: sessions.size, invalid_sessions: [], invalid_streams: [], guard_issues: [] },
      ...{ events_checked: [...histories.values()].flat().length, system_valid: true },
      message: expect.stringContaining('The record is intact'),
    };
    expect((await takeBackup(database.url, file)).report).toMatchObject(intact);
    expect((await restoreBackup(restored.url, file, { replace: false })).report).toMatchObject(intact);
    expect(await exported(restored)).toEqual([...histories.values()].flat().map(lineOf).toSorted());
  });
});

/** Commitments, and the digest of a seal that takes them, come of salts; those of 0.1.0 are sealed with its first version. */
function withoutDigest(payload: string | null): object {
  const {
    state_digest: _,
    digest_version: __,
    payload_commitment: ___,
    message_commitment: ____,
    erased: _____,
    ...rest
  } = JSON.parse(payload ?? '{}') as JsonObject;
  return rest;
}

/** Event by event, with the rows that each writes as it is folded today. */
async function store(url: string): Promise<void> {
  const worker = openPool(url, 'worker', 1, () => {});
  onTestFinished(() => worker.end());
  const states = new Map<string, unknown>();
  for (const row of [...histories.values()].flat()) {
    const { stream } = row;
    const state = evolveWith(catalog, states.get(stream) ?? initialState(catalog, stream), row);
    const writes = catalog.events.get(row.event_type)?.project(recordedEvent(row) as never, state) ?? [];
    const moved = new Map([[stream, { head: headAfter(row), state }]]);
    // What was erased is stored, and goes again once its erasure is.
    const stored = row.payload === null ? { ...row, payload: '{}', payload_salt: '00'.repeat(32) } : row;
    const lapsing = lapsingOf(catalog, [stored]);
    const decided = {
      rows: [stored],
      moved,
      writes,
      outcomes: [],
      faults: [],
      erasing: [],
      lapsing,
      snapshots: [],
    } as unknown as Decided;
    await inTransaction(worker, (db) => record(db, decided));
    states.set(stream, state);
  }
  await worker.query(
    'delete from event_payloads p using erasures x where x.stream = p.stream and x.sequence = p.sequence',
  );
}

async function exported({ pool }: TestDatabase): Promise<string[]> {
  const { rows } = await pool.query<EventRow>(
    `select ${EVENT_COLUMNS} from events e left join event_payloads p using (stream, sequence)`,
  );
  return rows.map(lineOf).toSorted();
}
