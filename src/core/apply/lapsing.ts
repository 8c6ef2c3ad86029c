/**
 * Payloads that were kept for their time: the event that says so is recorded in their own stream, and they go with the
 * same commit. Nothing follows from them any more, so that no row is written again but those that the event itself writes.
 */
import type { EventRow } from '../chain/ledger.ts';
import type { Catalog } from '../definitions/command.ts';
import type { Queryable } from '../sql/queryable.ts';

export interface Lapsing {
  stream: string;
  /** Of the event that says so. */
  recorded_sequence: number;
  sequences: number[];
}

/** @param rows that were decided */
export function lapsingOf({ events }: Pick<Catalog, 'events'>, rows: readonly EventRow[]): Lapsing[] {
  return rows
    .filter(({ event_type }) => events.get(event_type)?.lapses)
    .map(({ stream, sequence, payload }) => {
      const { erased } = JSON.parse(payload!) as { erased: { event_sequence: number }[] };
      return { stream, recorded_sequence: sequence, sequences: erased.map(({ event_sequence }) => event_sequence) };
    });
}

/** Its statements go out after those that record the event: the guards look for it. */
export function eraseLapsed(db: Queryable, { stream, recorded_sequence, sequences }: Lapsing): Promise<unknown>[] {
  return [
    db.query('insert into lapsed_payloads (stream, sequence, recorded_sequence) select $1, unnest($2::integer[]), $3', [
      stream,
      sequences,
      recorded_sequence,
    ]),
    db.query('delete from event_payloads where stream = $1 and sequence = any($2)', [stream, sequences]),
  ];
}
