/**
 * What is signed goes to several receivers, sinks and witnesses: one that is slow or away holds up neither the signer nor
 * another. How far each is stands in the database.
 */
import type { Queryable } from '../../src/core/sql/queryable.ts';

export interface Deliveries {
  /** Sends what is new to the receivers that are not at it already. */
  deliver(): void;
  /** When nothing is under way. */
  close(): Promise<void>;
}

interface Ways<Receiver> {
  deliverTo(receiver: Receiver, isClosing: () => boolean): Promise<void>;
  /** @param number from 1, as the settings name them */
  failed(error: Error, number: number): void;
  /** After each delivery, and each that failed. */
  measure(): Promise<void>;
}

export function createDeliveries<Receiver>(
  receivers: readonly Receiver[],
  { deliverTo, failed, measure }: Ways<Receiver>,
): Deliveries {
  const underWay = new Map<Receiver, Promise<void>>();
  let closing = false;

  return {
    deliver() {
      for (const [at, receiver] of receivers.entries()) {
        if (underWay.has(receiver) || closing) continue;
        const done = deliverTo(receiver, () => closing)
          .catch((error: Error) => failed(error, at + 1))
          .then(measure)
          .catch(() => {})
          .finally(() => underWay.delete(receiver));
        underWay.set(receiver, done);
      }
    },
    async close() {
      closing = true;
      await Promise.all(underWay.values());
    },
  };
}

const DELIVERED = `
  insert into log_sinks (sink, size) values ($1, $2)
  on conflict (sink) do update set size = excluded.size, delivered_at = clock_timestamp()`;

/** @param receiver as `log_sinks` names it */
export async function storeDelivered(db: Queryable, receiver: string, size: number): Promise<void> {
  await db.query(DELIVERED, [receiver, size]);
}

const LAG = `
  select coalesce(max(extract(epoch from clock_timestamp() - c.created_at)), 0)::float8 as seconds
  from unnest($1::text[]) as s (sink) cross join lateral (
    select created_at from log_checkpoints
    where size > coalesce((select size from log_sinks where sink = s.sink), -1) order by size limit 1) c`;

/** The age of the oldest checkpoint that one of them has not got, in seconds. */
export async function readLag(db: Queryable, receivers: readonly string[]): Promise<number> {
  const { rows } = await db.query<{ seconds: number }>(LAG, [receivers]);
  return rows[0]!.seconds;
}
