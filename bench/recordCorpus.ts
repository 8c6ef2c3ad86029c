/** A record for the benchmark of the server's verification: completed sessions of 500 events with all their rows, and the log over them. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import pg from 'pg';
import { migrate } from '../migrations/migrate.ts';
import { applyWrites } from '../src/core/apply/projections.ts';
import type { EventRow } from '../src/core/chain/ledger.ts';
import { checkpointText } from '../src/core/proof/checkpoint.ts';
import { vkeyOf } from '../src/core/proof/keys.ts';
import { formatNote } from '../src/core/proof/note.ts';
import { drawSeed, signingKey, signText } from '../src/core/proof/signNote.ts';
import { appendLeaves } from '../src/core/proof/tiles.ts';
import type { Queryable } from '../src/core/sql/queryable.ts';
import { types } from '../src/infra/postgres/database.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../src/infra/postgres/embeddedPostgres.ts';
import { edgeRoot, readEdge, writeTiles } from '../src/integrity/log/tileRows.ts';
import { EVENTS, type PlayedSession, playSession } from './playedSession.ts';

/** Sessions in one transaction, whose events stand in the log side by side. */
const AT_ONCE = 20;
const MADE = `select count(*)::integer as made from streams where stream like 'session:%'`;
const FIRST_MS = Date.parse('2026-06-01T10:00:00.000Z');
const APART_MS = 600_000;
const ORIGIN = 'plearoll.bench/log';
const SETTINGS = { shared_buffers: '256MB', max_connections: '50', fsync: 'off', max_wal_size: '4GB' };

/** Made once, and kept for the next run. The address is that of a superuser. */
export async function openRecord(sessions: number): Promise<EmbeddedPostgres> {
  const home = join(tmpdir(), `plearoll-record-${sessions}`);
  const made = join(home, 'made');
  const postgres = await startEmbeddedPostgres({ home, say: () => {}, settings: SETTINGS });
  await migrate(postgres.url);
  if (!existsSync(made)) {
    console.error(`making a record of ${sessions} sessions of ${EVENTS} events in ${home}`);
    await makeApart(postgres.url, sessions)
      .then(() => writeFile(made, ''))
      .catch(async (error) => {
        await postgres.stop();
        throw error;
      });
  }
  return postgres;
}

/** In a process of its own: what is measured of this one is what verification takes. */
async function makeApart(url: string, sessions: number): Promise<void> {
  const file = fileURLToPath(new URL('./makeRecord.js', import.meta.url));
  await promisify(execFile)(process.execPath, [file, url, `${sessions}`]);
}

export async function makeRecord(url: string, sessions: number): Promise<void> {
  const client = new pg.Client({ connectionString: url, types, pipeline: true });
  await client.connect();
  const db: Queryable = client as never;
  // What was broken off goes on where it was.
  const { rows } = await client.query<{ made: number }>(MADE);
  for (let n = rows[0]!.made; n < sessions; n += AT_ONCE) {
    const begins_ms = FIRST_MS + (n / AT_ONCE) * APART_MS;
    const played = Array.from({ length: Math.min(AT_ONCE, sessions - n) }, () => playSession(begins_ms));
    await db.query('begin');
    await storePlayed(db, played);
    await db.query('commit');
  }
  await seal(db);
  await client.query('vacuum analyze');
  await client.end();
}

export async function storePlayed(db: Queryable, played: PlayedSession[]): Promise<void> {
  const rows = played.flatMap((one) => one.rows);
  await storeEvents(db, rows);
  for (const phase of [0, 1] as const)
    await Promise.all(
      applyWrites(
        db,
        played.flatMap(({ writes }) => writes[phase]),
      ),
    );
  const inOrder = rows.toSorted((a, b) => (a.occurred_at < b.occurred_at ? -1 : a.occurred_at > b.occurred_at ? 1 : 0));
  const { rows: states } = await db.query<{ size: number }>('select size from log_state');
  const { size } = states[0]!;
  await db.query(
    `insert into log_leaves (index, stream, sequence)
     select $1 + place - 1, stream, sequence from unnest($2::text[], $3::integer[]) with ordinality as l (stream, sequence, place)`,
    [size, inOrder.map(({ stream }) => stream), inOrder.map(({ sequence }) => sequence)],
  );
  await growLog(
    db,
    size,
    inOrder.map(({ event_hash }) => event_hash),
  );
}

/** The log of this size has these leaves more. */
export async function growLog(db: Queryable, size: number, leaves: string[]): Promise<void> {
  await writeTiles(db, appendLeaves(size, await readEdge(db, size), leaves));
  await db.query('update log_state set size = $1', [size + leaves.length]);
}

export async function storeEvents(db: Queryable, rows: EventRow[]): Promise<void> {
  const columns = rows.map(({ payload_commitment, ...row }) => ({ ...row, commitment: payload_commitment }));
  await db.query(
    `with given as (
       select * from json_to_recordset($1) as r (stream text, sequence integer, event_id uuid, event_type text, actor_id text,
         occurred_at timestamptz, commitment text, previous_hash text, event_hash text, payload text, payload_salt text)
     ), stored as (
       insert into events (stream, sequence, event_id, event_type, actor_id, occurred_at, payload_commitment,
         previous_hash, event_hash)
       select stream, sequence, event_id, event_type, actor_id, occurred_at, decode(commitment, 'hex'),
         decode(previous_hash, 'hex'), decode(event_hash, 'hex') from given
     ), headed as (
       insert into streams (stream, sequence, event_hash, occurred_at)
       select distinct on (stream) stream, sequence, decode(event_hash, 'hex'), occurred_at from given
       order by stream, sequence desc
     )
     insert into event_payloads (stream, sequence, salt, payload)
     select stream, sequence, decode(payload_salt, 'hex'), payload from given`,
    [JSON.stringify(columns)],
  );
}

async function seal(db: Queryable): Promise<void> {
  const { rows } = await db.query<{ size: number }>('select size from log_state');
  const { size } = rows[0]!;
  const root = edgeRoot(size, await readEdge(db, size));
  const text = checkpointText({ origin: ORIGIN, size, root });
  const key = signingKey(ORIGIN, 'ed25519', drawSeed());
  const note = formatNote({ text, signatures: [signText(text, key)] });
  await db.query(`insert into log_keys (vkey, name, use, from_size) values ($1, $2, 'log', 0)`, [vkeyOf(key), ORIGIN]);
  await db.query(`insert into log_checkpoints (size, root, note) values ($1, decode($2, 'hex'), $3)`, [
    size,
    root,
    note,
  ]);
}
