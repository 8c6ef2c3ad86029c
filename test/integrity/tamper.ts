/**
 * The tamperer: a superuser who switches triggers off, drops checks, changes what he likes, and is looked for by the
 * verifier within his own transaction. Then it is rolled back, so that every case starts from the untampered record.
 */
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { payloadCommitment } from '../../src/core/chain/chain.ts';
import { chainEvent, EVENT_COLUMNS, type EventRow, hashOf, REMAINS } from '../../src/core/chain/ledger.ts';
import type { JsonObject } from '../../src/core/definitions/event.ts';
import type { Queryable } from '../../src/core/sql/queryable.ts';
import { verifyGuards } from '../../src/integrity/guards/verifyGuards.ts';
import type { RecordReport } from '../../src/integrity/recordReport.ts';
import { type StreamReport, verifyStream } from '../../src/integrity/streams/verifyStreams.ts';
import { verifyRecord } from '../../src/integrity/verifyRecord.ts';
import { catalog } from '../../src/modules.ts';
import { projected } from '../../src/tables.ts';
import { isEverything } from '../support/everything.ts';
import { dropConstraints, dropUniqueIndexes, RECORD } from '../support/tables.ts';

export interface Tamperer {
  db: Queryable;
  /** From now on all cases are savepoints of one transaction in which nothing is armed: nobody else writes meanwhile. */
  disarm(): Promise<void>;
  /** What is seen while the change stands. */
  whileChanged<T>(change: () => Promise<unknown>, look: () => Promise<T>): Promise<T>;
  /** The report on the stream alone while the change stands. */
  streamReport(stream: string, change: () => Promise<unknown>): Promise<StreamReport>;
  /** The reports on the stream and on everything while the change stands. */
  reports(stream: string, change: () => Promise<unknown>): Promise<{ stream: StreamReport; record: RecordReport }>;
  /**
   * The findings about the database's guards while the change stands; nothing is switched off for it. That the report on
   * everything says the same and is invalid for it is looked at with each change in all of the suite, in a short run with the first.
   */
  guardIssues(change: string): Promise<string[]>;
  /** Anything else between BEGIN and ROLLBACK. */
  within<T>(work: () => Promise<T>): Promise<T>;
  chain(stream: string): Promise<EventRow[]>;
  close(): Promise<void>;
}

const PROJECTED = projected.map(({ name }) => name);

export async function openTamperer(url: string): Promise<Tamperer> {
  // Chains are read several at a time.
  const client = new pg.Client({ connectionString: url, pipeline: true });
  await client.connect();
  const db = client;
  // Checks everywhere, and the keys that would refuse a forgery of a row before the verifier can find it.
  const disarming = [
    ...[...RECORD, ...PROJECTED].map((table) => `alter table ${table} disable trigger all`),
    await dropConstraints(db, RECORD, ['c']),
    await dropConstraints(db, PROJECTED, ['c', 'u', 'x']),
    await dropUniqueIndexes(db, PROJECTED),
  ].join(';');

  let isDisarmed = false;
  let isShown = false;

  async function rolledBack<T>(work: () => Promise<T>): Promise<T> {
    await client.query(isDisarmed ? 'savepoint before' : 'begin');
    try {
      return await work();
    } finally {
      await client.query(isDisarmed ? 'rollback to before; release before' : 'rollback');
    }
  }

  async function tampered<T>(change: () => Promise<unknown>, report: () => Promise<T>): Promise<T> {
    return rolledBack(async () => {
      if (!isDisarmed) await client.query(disarming);
      await change();
      return report();
    });
  }

  return {
    db,
    disarm: async () => {
      await client.query('begin');
      await client.query(disarming);
      isDisarmed = true;
    },
    whileChanged: tampered,
    streamReport: (stream, change) => tampered(change, () => verifyStream(db, catalog, stream)),
    reports: (stream, change) =>
      tampered(change, async () => ({
        stream: await verifyStream(db, catalog, stream),
        record: await verifyRecord(db, catalog, { institution_id: null }),
      })),
    guardIssues: (change) =>
      rolledBack(async () => {
        await client.query(change);
        if (isShown && !isEverything) return (await verifyGuards(db)).issues;
        isShown = true;
        const report = await verifyRecord(db, catalog, { institution_id: null });
        if (report.system_valid !== (report.guard_issues.length === 0)) throw new Error(report.message);
        return report.guard_issues;
      }),
    within: rolledBack,
    chain: (stream) => readChain(db, stream),
    close: () => client.end(),
  };
}

async function readChain(db: Queryable, stream: string): Promise<EventRow[]> {
  const { rows } = await db.query<EventRow>(
    `select ${EVENT_COLUMNS}, ${REMAINS} from events e left join event_payloads p using (stream, sequence)
     left join erasures x using (stream, sequence) where e.stream = $1 order by e.sequence`,
    [stream],
  );
  return rows;
}

/** Makes commitments, links and hashes agree again from one event on, as who knows the format would. */
export async function rechain(db: Queryable, stream: string, from: number): Promise<EventRow> {
  const rows = await readChain(db, stream);
  let previous = rows.find(({ sequence }) => sequence === from - 1)?.event_hash ?? '0'.repeat(64);
  for (const row of rows.filter(({ sequence }) => sequence >= from)) {
    row.previous_hash = previous;
    if (row.payload !== null) {
      row.payload_commitment = payloadCommitment(Buffer.from(row.payload_salt!, 'hex'), row.payload);
    }
    row.event_hash = hashOf(row);
    previous = row.event_hash;
    await db.query(
      `update events set previous_hash = decode($3, 'hex'), payload_commitment = decode($4, 'hex'),
         event_hash = decode($5, 'hex') where stream = $1 and sequence = $2`,
      [stream, row.sequence, row.previous_hash, row.payload_commitment, row.event_hash],
    );
  }
  return rows.at(-1)!;
}

export async function moveHead(db: Queryable, { stream, sequence, event_hash, occurred_at }: EventRow): Promise<void> {
  const text = `update streams set sequence = $2, event_hash = decode($3, 'hex'), occurred_at = $4 where stream = $1`;
  await db.query(text, [stream, sequence, event_hash, occurred_at]);
}

/** Adds an event that is chained as it should be, with its payload, without moving the head. */
export async function append(db: Queryable, stream: string, type: string, payload: JsonObject): Promise<EventRow> {
  const last = (await readChain(db, stream)).at(-1)!;
  const row = chainEvent(stream, last, { kind: '', type, payload }, randomUUID(), 'system', last.occurred_at);
  await store(db, row);
  return row;
}

/** Stores an event just as it is, with its payload. */
export async function store(db: Queryable, row: EventRow): Promise<void> {
  await db.query(
    `insert into events (stream, sequence, event_id, event_type, actor_id, occurred_at, payload_commitment,
       previous_hash, event_hash)
     select stream, sequence, event_id, event_type, actor_id, occurred_at, decode(payload_commitment, 'hex'),
       decode(previous_hash, 'hex'), decode(event_hash, 'hex')
     from json_to_record($1) as r (stream text, sequence integer, event_id uuid, event_type text, actor_id text,
       occurred_at timestamptz, payload_commitment text, previous_hash text, event_hash text)`,
    [JSON.stringify(row)],
  );
  const { stream, sequence, payload_salt, payload } = row;
  const text = `insert into event_payloads values ($1, $2, decode($3, 'hex'), $4)`;
  await db.query(text, [stream, sequence, payload_salt, payload]);
}
