/**
 * Feeds a relay's benchmark: each event is chained and committed as a worker does it, and only then announced, by the
 * herald. API, inbox and queue are left out: they need more of two processors than relay and listeners together, which
 * would then be late for that alone.
 */
import { Worker } from 'node:worker_threads';
import type { Decided } from '../../src/core/apply/decideBatch.ts';
import { writeBatch } from '../../src/core/apply/transaction.ts';
import { eventId, newCommandId } from '../../src/core/chain/ids.ts';
import { chainEvent, type EventRow, exportedEvent, headAfter } from '../../src/core/chain/ledger.ts';
import type { Head } from '../../src/core/definitions/stream.ts';
import { sessionStream, sessionStreamName } from '../../src/court/sessions/session.ts';
import { announcementText } from '../../src/infra/broadcast/announcements.ts';
import { openBackbone } from '../../src/infra/process/backbone.ts';
import { readConfig } from '../../src/infra/process/config.ts';
import { privateNames } from '../../src/modules.ts';
import type { Docket } from '../grounds.ts';
import type { Contestant } from './contestants.ts';
import type { HeraldOrder, HeraldPlan, Stamps } from './herald.ts';

interface Recording {
  id: number;
  /** An event in each. */
  dockets: Docket[];
  text: string;
  /** Between two announcements. */
  apart_ms: number;
}

export type FeederOrder = ({ order: 'record' } & Recording) | { order: 'stamps' } | { order: 'stop' };
export type FeederMessage = { kind: 'ready' } | { kind: 'taken'; id: number } | { kind: 'stamps'; stamps: Stamps };

const CAUSE = { request_id: 'bench', traceparent: null };

const contestant = process.argv[2] as Contestant;
const config = readConfig(process.env, 'separate', false);
const backbone = await openBackbone(config, config.DATABASE_URL!, 'worker', privateNames);
const pool = backbone.openPool('worker', 1);
const herald = new Worker(new URL('./herald.js', import.meta.url), {
  workerData: { contestant, redisUrl: config.REDIS_URL!, prefix: backbone.prefix } satisfies HeraldPlan,
});
const tell = (order: HeraldOrder) => herald.postMessage(order);
const heads = new Map<string, Head>();
let recorded = Promise.resolve();

herald.on('message', (stamps: Stamps) => say({ kind: 'stamps', stamps }));
process.on('message', (message: FeederOrder) => {
  if (message.order === 'record') recorded = recorded.then(() => record(message));
  if (message.order === 'stamps') tell({ order: 'stamps' });
  if (message.order === 'stop') void stop();
});
say({ kind: 'ready' });

async function record({ id, dockets, text, apart_ms }: Recording): Promise<void> {
  await knowHeads(dockets);
  const rows = dockets.map((docket) => chain(docket, text));
  const moved = new Map(rows.map(({ stream }) => [stream, { head: heads.get(stream)! }]));
  await writeBatch(pool, { rows, moved, outcomes: [] } as unknown as Decided);
  tell({ order: 'pace', apart_ms });
  for (const row of rows) {
    const message = announcementText([exportedEvent(row, sessionStream)], { get: () => CAUSE } as never);
    tell({ order: 'announce', channel: row.stream, message });
  }
  say({ kind: 'taken', id });
}

function chain({ session_id, admin }: Docket, text: string): EventRow {
  const stream = sessionStreamName(session_id);
  const event = { kind: sessionStream.kind, type: 'BENCH_ENTRY', payload: { text } };
  const id = eventId(newCommandId(), 1);
  const row = chainEvent(stream, heads.get(stream)!, event, id, admin.id, new Date().toISOString());
  heads.set(stream, headAfter(row));
  return row;
}

/** Nobody else writes. */
async function knowHeads(dockets: readonly Docket[]): Promise<void> {
  const unknown = dockets.map(({ session_id }) => sessionStreamName(session_id)).filter((name) => !heads.has(name));
  if (unknown.length === 0) return;
  const { rows } = await pool.query<Head & { stream: string }>(
    `select stream, sequence, encode(event_hash, 'hex') as event_hash, occurred_at from streams where stream = any($1)`,
    [unknown],
  );
  for (const { stream, ...head } of rows) heads.set(stream, head);
}

async function stop(): Promise<void> {
  await recorded;
  await pool.end();
  await backbone.close();
  process.exit();
}

function say(message: FeederMessage): void {
  process.send!(message);
}
