/** What the database itself refuses, whoever asks: here it is a superuser, who may switch off ordinary triggers. */
import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { chainEvent, EMPTY_HEAD, type EventRow, hashOf, headAfter } from '../../src/core/chain/ledger.ts';
import type { Head } from '../../src/core/definitions/stream.ts';
import { cloneDatabase, type TestDatabase } from '../support/database.ts';

const REFUSED = { code: '23000' };

let database: TestDatabase;
let client: pg.PoolClient;
let stream: string;
let first: EventRow;
let second: EventRow;

beforeAll(async () => {
  database = await cloneDatabase();
  client = await database.pool.connect();
});

afterAll(async () => {
  client.release();
  await database.drop();
});

beforeEach(async () => {
  stream = `session:${randomUUID()}`;
  first = event(EMPTY_HEAD);
  second = event(headAfter(first));
  await store(first);
  await store(second);
  await client.query(`insert into streams values ($1, 2, decode($2, 'hex'), now())`, [stream, second.event_hash]);
});

function event(head: Head, type = 'NOTE', payload: object = { n: head.sequence }, of = stream): EventRow {
  const made = { kind: 'session', type, payload: payload as never };
  return chainEvent(of, head, made, randomUUID(), 'system', '2026-11-21T12:00:00.000Z');
}

async function store(row: EventRow): Promise<void> {
  const hex = (n: number) => `decode($${n}, 'hex')`;
  await client.query(
    `insert into events (stream, sequence, event_id, event_type, actor_id, occurred_at, payload_commitment, previous_hash, event_hash)
     values ($1, $2, $3, $4, $5, $6, ${hex(7)}, ${hex(8)}, ${hex(9)})`,
    [
      ...[row.stream, row.sequence, row.event_id, row.event_type, row.actor_id, row.occurred_at],
      ...[row.payload_commitment, row.previous_hash, row.event_hash],
    ],
  );
  const payload = [row.stream, row.sequence, row.payload_salt, row.payload];
  await client.query(`insert into event_payloads values ($1, $2, decode($3, 'hex'), $4)`, payload);
}

/** The row with changes and the hash that these ask for. */
const rehashed = (row: EventRow, changes: Partial<EventRow>): EventRow => {
  const changed = { ...row, event_id: randomUUID(), ...changes };
  return { ...changed, event_hash: hashOf(changed) };
};

const CHANGES = [
  'update events set actor_id = actor_id',
  'update events set occurred_at = now()',
  'delete from events',
  'truncate events cascade',
  'truncate events, event_payloads',
  'update event_payloads set payload = payload',
  'delete from event_payloads',
  'truncate event_payloads',
  'delete from streams',
  'truncate streams',
];

describe.each(['origin', 'replica', 'local'])('with session_replication_role = %s', (role) => {
  test.each(CHANGES)('the record refuses: %s', async (change) => {
    const narrowed = change.startsWith('truncate') ? change : `${change} where stream = '${stream}'`;
    await client.query(`set session_replication_role = ${role}`);
    try {
      await expect(client.query(narrowed)).rejects.toMatchObject(REFUSED);
    } finally {
      await client.query('reset session_replication_role');
    }
  });
});

describe('a chain', () => {
  test('has no twin of an event', async () => {
    const twin = rehashed(second, { actor_id: 'somebody-else' });
    await expect(store(twin)).rejects.toMatchObject({ constraint: 'uq_event_sequence' });
  });

  test('has no fork: one event follows another', async () => {
    const fork = rehashed(second, { sequence: 3 });
    await expect(store(fork)).rejects.toMatchObject({ constraint: 'uq_event_previous' });
  });

  test('begins once', async () => {
    const genesis = { constraint: 'ck_event_genesis' };
    await expect(store(rehashed(first, { sequence: 3 }))).rejects.toMatchObject(genesis);
    const other = `session:${randomUUID()}`;
    await expect(store(rehashed(second, { stream: other, sequence: 1 }))).rejects.toMatchObject(genesis);
  });

  test('has no event whose hash is not that of its row', async () => {
    const forged = { ...event(headAfter(second)), actor_id: 'somebody-else' };
    await expect(store(forged)).rejects.toMatchObject({ constraint: 'ck_event_hash' });
  });

  test('has no event of another one', async () => {
    const borrowed = rehashed(event(headAfter(second)), { event_id: first.event_id });
    await expect(store(borrowed)).rejects.toMatchObject({ constraint: 'uq_event_id' });
  });

  test.each<[keyof EventRow, string]>([
    ['stream', 'Session:x'],
    ['event_type', 'note'],
    ['actor_id', 'A"b'],
    ['payload_commitment', 'ab'],
    ['previous_hash', 'ab'],
  ])('has no event whose %s is %j', async (column, value) => {
    const odd = rehashed(event(headAfter(second)), { [column]: value });
    await expect(store(odd)).rejects.toMatchObject({ code: '23514' });
  });
});

describe('a payload', () => {
  const erasure = (of: string) =>
    event(
      EMPTY_HEAD,
      'PAYLOAD_ERASED',
      { stream, event_sequence: 1, payload_commitment: first.payload_commitment },
      of,
    );
  const erase = (sequence: number) =>
    client.query('delete from event_payloads where stream = $1 and sequence = $2', [stream, sequence]);

  test('goes when an event of an assignment says so, and no other with it', async () => {
    await store(erasure(`assignment:${randomUUID()}`));
    await expect(erase(2)).rejects.toMatchObject(REFUSED);
    expect((await erase(1)).rowCount).toBe(1);
  });

  test('stays when the event stands on a stream of another kind', async () => {
    await store(erasure(`session:${randomUUID()}`));
    await expect(erase(1)).rejects.toMatchObject(REFUSED);
  });

  test('belongs to an event', async () => {
    const orphan = [stream, 3, 'ab'.repeat(32), '{}'];
    const stored = client.query(`insert into event_payloads values ($1, $2, decode($3, 'hex'), $4)`, orphan);
    await expect(stored).rejects.toMatchObject({ constraint: 'fk_payload_event' });
  });
});

describe('a command', () => {
  async function finished(status: string): Promise<string> {
    const id = randomUUID();
    await client.query(
      `insert into commands (id, name, stream, streams, input, actor_id, actor_role, reply_to, request_id, status, outcome, finished_at)
       values ($1, 'n', $2, array[$2::text], '{}', 'a', 'admin', 'r', 'q', $3, '{}', now())`,
      [id, stream, status],
    );
    return id;
  }

  test.each(['applied', 'rejected', 'dead'])(
    'that is %s keeps its outcome, whoever wants to change it',
    async (status) => {
      const id = await finished(status);
      for (const role of ['origin', 'replica']) {
        await client.query(`set session_replication_role = ${role}`);
        const other = client.query(`update commands set status = 'rejected' where id = $1`, [id]);
        await expect(other).rejects.toMatchObject(REFUSED);
        const again = client.query(
          `update commands set status = 'accepted', outcome = null, finished_at = null where id = $1`,
          [id],
        );
        await expect(again).rejects.toMatchObject(REFUSED);
      }
      await client.query('reset session_replication_role');
    },
  );

  test('has an outcome exactly when it has an end', async () => {
    const half = `insert into commands (id, name, stream, streams, input, actor_id, actor_role, reply_to, request_id, status)
      values (gen_random_uuid(), 'n', 's', array['s'], '{}', 'a', 'admin', 'r', 'q', 'applied')`;
    await expect(client.query(half)).rejects.toMatchObject({ constraint: 'ck_command_outcome' });
  });
});

test('no foreign key of ours cascades, sets null or sets a default', async () => {
  const { rows } = await client.query(
    `select conrelid::regclass || ' ' || conname as name from pg_constraint
     where contype = 'f' and connamespace = 'public'::regnamespace
       and (confdeltype not in ('a', 'r') or confupdtype not in ('a', 'r'))`,
  );
  expect(rows).toEqual([]);
});
