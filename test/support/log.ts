/** The log of a running stack, and a superuser who rewrites its record. */
import type pg from 'pg';
import { vi } from 'vitest';
import type { SessionEvent } from '../../src/client/protocol.ts';
import { canonicalPayload } from '../../src/core/chain/chain.ts';
import { EVENT_COLUMNS, type EventRow, exportedEvent } from '../../src/core/chain/ledger.ts';
import type { JsonObject } from '../../src/core/definitions/event.ts';
import { sessionStream } from '../../src/court/sessions/session.ts';
import { rewritten } from './rewritten.ts';
import type { Stack } from './stack.ts';

const TRIGGERS_BACK = `do $$ declare t record; begin
  for t in select tgrelid::regclass as on_table, tgname from pg_trigger
    where not tgisinternal and tgrelid in ('events'::regclass, 'event_payloads'::regclass) loop
    execute format('alter table %s enable always trigger %I', t.on_table, t.tgname);
  end loop; end $$`;
const PATIENCE = { timeout: 20_000, interval: 50 };

/** Waits until all that is committed is in the log and under a checkpoint. @returns the log's verifier key */
export async function checkpointed({ pool }: Pick<Stack, 'pool'>): Promise<string> {
  const numberOf = async (text: string) => Number(Object.values((await pool.query(text)).rows[0])[0]);
  const inLog = () => numberOf('select size from log_state');
  const events = await numberOf('select count(*) from events');
  await vi.waitUntil(async () => (await inLog()) >= events, PATIENCE);
  const size = await inLog();
  await vi.waitUntil(
    async () => (await numberOf('select coalesce(max(size), 0) from log_checkpoints')) >= size,
    PATIENCE,
  );
  return (await pool.query(`select vkey from log_keys where use = 'log' and retired_at is null`)).rows[0].vkey;
}

/** Every row of the stream that must change so that nothing in the database tells of it. @returns what puts it back */
export async function rewriteInDatabase(
  pool: pg.Pool,
  stream: string,
  sequence: number,
  change: (payload: JsonObject) => JsonObject,
): Promise<() => Promise<void>> {
  const text = `select ${EVENT_COLUMNS} from events e join event_payloads p on p.stream = e.stream and p.sequence = e.sequence
    where e.stream = $1 order by e.sequence`;
  const { rows } = await pool.query<EventRow>(text, [stream]);
  const history = rows.map((row) => exportedEvent(row, sessionStream) as SessionEvent);
  const forged = rewritten(history, sequence, change).map((event, i) => ({ ...rows[i]!, ...columnsOf(event) }));
  await write(pool, forged);
  return () => write(pool, rows);
}

function columnsOf({ event_hash, previous_hash, payload_commitment, payload_salt, payload }: SessionEvent) {
  return { event_hash, previous_hash, payload_commitment, payload_salt, payload: canonicalPayload(payload!) };
}

async function write(pool: pg.Pool, rows: EventRow[]): Promise<void> {
  const db = await pool.connect();
  try {
    await db.query('begin; alter table events disable trigger user; alter table event_payloads disable trigger user');
    const changed = JSON.stringify(rows);
    const source = `json_to_recordset($1) as n (stream text, sequence integer, event_hash text, previous_hash text,
      payload_commitment text, payload_salt text, payload text)`;
    await db.query(
      `update events e set event_hash = decode(n.event_hash, 'hex'), previous_hash = decode(n.previous_hash, 'hex'),
         payload_commitment = decode(n.payload_commitment, 'hex')
       from ${source} where e.stream = n.stream and e.sequence = n.sequence`,
      [changed],
    );
    await db.query(
      `update event_payloads p set payload = n.payload, salt = decode(n.payload_salt, 'hex')
       from ${source} where p.stream = n.stream and p.sequence = n.sequence`,
      [changed],
    );
    const { stream, event_hash } = rows.at(-1)!;
    await db.query(`update streams set event_hash = decode($2, 'hex') where stream = $1`, [stream, event_hash]);
    await db.query(`${TRIGGERS_BACK}; commit`);
  } finally {
    db.release();
  }
}
