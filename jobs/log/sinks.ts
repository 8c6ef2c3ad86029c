/**
 * Checkpoints leave the database: each goes to every sink, in order, at least once, and again until it is there. A sink that
 * is slow or away holds up neither the signer nor another sink.
 */
import type { Queryable } from '../../src/core/sql/queryable.ts';
import { appendDurably } from '../../src/infra/files.ts';
import type { Log } from '../../src/infra/telemetry/log.ts';
import type { Metrics } from '../../src/infra/telemetry/metrics.ts';
import { timings } from '../../src/infra/timings.ts';
import { createDeliveries, type Deliveries, readLag, storeDelivered } from './deliveries.ts';

interface Tools {
  /** Of role `worker`. */
  db: Queryable;
  metrics: Metrics;
  log: Pick<Log, 'warn'>;
}

/** Checkpoints that one turn sends. */
const MOST = 100;

const UNDELIVERED = `
  select c.size, c.note from log_checkpoints c
  where c.size > coalesce((select size from log_sinks where sink = $1), -1) order by c.size limit ${MOST}`;

/** @param sinks `file:<path>` or a URL of http(s) */
export function createSinks(sinks: readonly string[], { db, metrics, log }: Tools): Deliveries {
  async function deliverTo(sink: string, isClosing: () => boolean): Promise<void> {
    for (let isMore = true; isMore && !isClosing(); ) {
      const { rows } = await db.query<{ size: number; note: string }>(UNDELIVERED, [sink]);
      for (const { size, note } of rows) {
        await (sink.startsWith('file:') ? appendDurably(sink.slice('file:'.length), `${note}\n`) : post(sink, note));
        await storeDelivered(db, sink, size);
      }
      isMore = rows.length === MOST;
    }
  }

  return createDeliveries(sinks, {
    deliverTo,
    // An address may hold a password.
    failed: ({ message }, sink) => log.warn({ err: { message }, sink }, 'checkpoint not delivered'),
    measure: async () => metrics.sinkLag.set(await readLag(db, sinks)),
  });
}

async function post(url: string, note: string): Promise<void> {
  const headers = { 'content-type': 'text/plain; charset=utf-8' };
  const signal = AbortSignal.timeout(timings.signing.sink_within_ms);
  const response = await fetch(url, { method: 'POST', headers, body: note, redirect: 'error', signal });
  await response.body?.cancel();
  if (!response.ok) throw new Error(`the sink answered ${response.status}`);
}
