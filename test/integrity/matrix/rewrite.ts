/** The stronger hands of the same superuser: a row's own hashes made to fit; then all that follows from it, as far as it can be had. */
import { applyWrites, foldWrites } from '../../../src/core/apply/projections.ts';
import { initialState } from '../../../src/core/apply/streamStates.ts';
import { canonicalPayload, GENESIS_HASH, payloadCommitment } from '../../../src/core/chain/chain.ts';
import { EVENT_COLUMNS, type EventRow, hashOf, REMAINS, recordedEvent } from '../../../src/core/chain/ledger.ts';
import { idOf, kindOf, sealedDigest } from '../../../src/core/definitions/stream.ts';
import type { Write } from '../../../src/core/definitions/write.ts';
import { checkpointText } from '../../../src/core/proof/checkpoint.ts';
import { vkeyOf } from '../../../src/core/proof/keys.ts';
import { merkleRoot } from '../../../src/core/proof/merkle.ts';
import { formatNote } from '../../../src/core/proof/note.ts';
import { type SigningKey, signText } from '../../../src/core/proof/signNote.ts';
import { appendLeaves } from '../../../src/core/proof/tiles.ts';
import type { Queryable } from '../../../src/core/sql/queryable.ts';
import { bytesOfHash } from '../../../src/integrity/log/tileRows.ts';
import { catalog } from '../../../src/modules.ts';
import { projected } from '../../../src/tables.ts';

/** All tables that are changed here. */
export const REWRITTEN = [
  ...[
    'events',
    'event_payloads',
    'streams',
    'commands',
    'log_leaves',
    'log_tiles',
    'log_state',
    'log_checkpoints',
    'log_keys',
  ],
  ...projected.map(({ name }) => name),
];

export async function chainOf(db: Queryable, stream: string): Promise<EventRow[]> {
  const text = `select ${EVENT_COLUMNS}, ${REMAINS} from events e left join event_payloads p using (stream, sequence)
    left join erasures x using (stream, sequence) where e.stream = $1 order by e.sequence`;
  return (await db.query<EventRow>(text, [stream])).rows;
}

/** The row with the commitment and the hash that its other columns ask for. */
export function rehashed(row: EventRow): EventRow {
  const { payload, payload_salt, payload_commitment } = row;
  const commitment =
    payload === null ? payload_commitment : payloadCommitment(Buffer.from(payload_salt!, 'hex'), payload);
  const own = { ...row, payload_commitment: commitment };
  // As SQL writes what is not there.
  const text = (value: string | null) => value ?? '';
  const { event_id, event_type, actor_id, occurred_at } = own;
  const shown = {
    event_id: text(event_id),
    event_type: text(event_type),
    actor_id: text(actor_id),
    occurred_at: text(occurred_at),
  };
  return { ...own, event_hash: hashOf({ ...own, ...shown }) };
}

const STORE = `
  with said as (
    select * from json_to_recordset($1) as n (stream text, sequence integer, previous_hash text, event_hash text,
      payload_commitment text, payload text)
  ), hashed as (
    update events e set previous_hash = decode(n.previous_hash, 'hex'), event_hash = decode(n.event_hash, 'hex'),
      payload_commitment = decode(n.payload_commitment, 'hex')
    from said n where e.stream = n.stream and e.sequence = n.sequence
  )
  update event_payloads p set payload = n.payload
  from said n where p.stream = n.stream and p.sequence = n.sequence and p.payload <> n.payload`;

export async function storeHashes(db: Queryable, rows: readonly EventRow[]): Promise<void> {
  await db.query(STORE, [JSON.stringify(rows)]);
}

/**
 * Every hash of the stream from its first event on, its seal and its head, and its tables folded from it anew.
 * @returns whether its events can still be folded; where not, its tables stay as they were
 */
export async function rewriteStream(db: Queryable, stream: string): Promise<boolean> {
  const { rows, writes } = refolded(stream, await chainOf(db, stream));
  if (rows.length === 0) return true;
  await storeHashes(db, rows);
  const { sequence, event_hash, occurred_at } = rows.at(-1)!;
  const head = `update streams set sequence = $2, event_hash = decode($3, 'hex'), occurred_at = $4 where stream = $1`;
  await db.query(head, [stream, sequence, event_hash, occurred_at]);
  if (writes === undefined) return false;
  for (const { name, owner } of projected.filter((table) => table.stream === kindOf(stream))) {
    await db.query(`delete from ${name} where ${owner} = $1`, [idOf(stream)]);
  }
  await Promise.all(applyWrites(db, foldWrites(writes)));
  return true;
}

function refolded(stream: string, found: readonly EventRow[]): { rows: EventRow[]; writes: Write[] | undefined } {
  const { seal } = catalog.kinds.get(kindOf(stream))!;
  const rows: EventRow[] = [];
  let writes: Write[] | undefined = [];
  let state = initialState(catalog, stream);
  for (const one of found) {
    let row = rehashed({ ...one, previous_hash: rows.at(-1)?.event_hash ?? GENESIS_HASH });
    const definition = catalog.events.get(row.event_type);
    try {
      if (writes && definition) {
        const evolved = definition.evolve(state, recordedEvent(row) as never);
        if (row.event_type === seal?.event) row = resealed(row, sealedDigest(seal, JSON.parse(row.payload!), evolved));
        const event = recordedEvent(row) as never;
        state = definition.evolve(state, event);
        writes.push(...definition.project(event, state));
      }
    } catch {
      writes = undefined;
    }
    rows.push(row);
  }
  return { rows, writes };
}

function resealed(row: EventRow, state_digest: string | undefined): EventRow {
  const payload = { ...JSON.parse(row.payload!), event_count: row.sequence, state_digest };
  return rehashed({ ...row, payload: canonicalPayload(payload) });
}

async function readLeaves(db: Queryable): Promise<string[]> {
  const { rows } = await db.query<{ leaf: string }>(
    `select encode(e.event_hash, 'hex') as leaf from log_leaves join events e using (stream, sequence) order by index`,
  );
  return rows.map(({ leaf }) => leaf);
}

/** Leaves and tiles of the events that there are now: a leaf whose event is gone is gone, and the others move up. */
export async function rewriteTiles(db: Queryable): Promise<void> {
  await db.query(`delete from log_leaves l where not exists (
    select from events e where e.stream = l.stream and e.sequence = l.sequence)`);
  await db.query(`update log_leaves l set index = n.place - 1 from (
    select index, row_number() over (order by index) as place from log_leaves) n where n.index = l.index`);
  const leaves = await readLeaves(db);
  await db.query('delete from log_tiles');
  for (const { level, index, hashes } of appendLeaves(0, [], leaves)) {
    await db.query(`insert into log_tiles values ($1, $2, decode($3, 'hex'))`, [level, index, hashes.join('')]);
  }
  await db.query('update log_state set size = $1', [leaves.length]);
}

/** Every checkpoint over the tree as it is now, signed with that key, which the database says is the log's. @returns the newest note */
export async function rewriteCheckpoints(db: Queryable, key: SigningKey): Promise<string> {
  const leaves = await readLeaves(db);
  const { rows } = await db.query<{ size: number }>('select size from log_checkpoints order by size');
  const sizes = new Set(rows.map(({ size }) => Math.min(size, leaves.length)));
  await db.query('delete from log_checkpoints');
  let newest = '';
  for (const size of sizes) {
    const root = merkleRoot(leaves.slice(0, size));
    const text = checkpointText({ origin: key.name, size, root });
    newest = formatNote({ text, signatures: [signText(text, key)] });
    await db.query('insert into log_checkpoints values ($1, $2, $3)', [size, bytesOfHash(root), newest]);
  }
  await db.query(`update log_keys set vkey = $1 where use = 'log'`, [vkeyOf(key)]);
  return newest;
}
