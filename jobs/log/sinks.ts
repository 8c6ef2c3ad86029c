/**
 * Checkpoints leave the database: each goes to every sink, in order, at least once, and again until it is there. A sink that
 * is slow or away holds up neither the signer nor another sink.
 */
import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Queryable } from '../../src/core/sql/queryable.ts';
import type { Log } from '../../src/infra/telemetry/log.ts';
import type { Metrics } from '../../src/infra/telemetry/metrics.ts';
import { timings } from '../../src/infra/timings.ts';

export interface Sinks {
  /** Sends what is new to the sinks that are not at it already. */
  deliver(): void;
  /** When nothing is under way. */
  close(): Promise<void>;
}

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

const DELIVERED = `
  insert into log_sinks (sink, size) values ($1, $2)
  on conflict (sink) do update set size = excluded.size, delivered_at = clock_timestamp()`;

const LAG = `
  select coalesce(max(extract(epoch from clock_timestamp() - c.created_at)), 0)::float8 as seconds
  from unnest($1::text[]) as s (sink) cross join lateral (
    select created_at from log_checkpoints
    where size > coalesce((select size from log_sinks where sink = s.sink), -1) order by size limit 1) c`;

/** @param sinks `file:<path>` or a URL of http(s) */
export function createSinks(sinks: readonly string[], { db, metrics, log }: Tools): Sinks {
  const underWay = new Map<string, Promise<void>>();
  let closing = false;

  async function deliverTo(sink: string): Promise<void> {
    for (let isMore = true; isMore && !closing; ) {
      const { rows } = await db.query<{ size: number; note: string }>(UNDELIVERED, [sink]);
      for (const { size, note } of rows) {
        await (sink.startsWith('file:') ? append(sink.slice('file:'.length), note) : post(sink, note));
        await db.query(DELIVERED, [sink, size]);
      }
      isMore = rows.length === MOST;
    }
  }

  async function measure(): Promise<void> {
    const { rows } = await db.query<{ seconds: number }>(LAG, [sinks]);
    metrics.sinkLag.set(rows[0]!.seconds);
  }

  function deliver(): void {
    for (const [at, sink] of sinks.entries()) {
      if (underWay.has(sink) || closing) continue;
      const done = deliverTo(sink)
        // An address may hold a password.
        .catch((err) =>
          log.warn({ err: { message: (err as Error).message }, sink: at + 1 }, 'checkpoint not delivered'),
        )
        .then(measure)
        .catch(() => {})
        .finally(() => underWay.delete(sink));
      underWay.set(sink, done);
    }
  }

  async function close(): Promise<void> {
    closing = true;
    await Promise.all(underWay.values());
  }

  return { deliver, close };
}

/** On the disk when it resolves. Notes are apart by an empty line. */
async function append(file: string, note: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const out = await open(file, 'a');
  try {
    await out.appendFile(`${note}\n`);
    await out.sync();
  } finally {
    await out.close();
  }
}

async function post(url: string, note: string): Promise<void> {
  const headers = { 'content-type': 'text/plain; charset=utf-8' };
  const signal = AbortSignal.timeout(timings.signing.sink_within_ms);
  const response = await fetch(url, { method: 'POST', headers, body: note, redirect: 'error', signal });
  await response.body?.cancel();
  if (!response.ok) throw new Error(`the sink answered ${response.status}`);
}
