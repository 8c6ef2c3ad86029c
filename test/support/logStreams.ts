/** Streams that grow as the applier lets them grow, and passes of the sequencer over them. */
import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { sequenceLog } from '../../jobs/log/sequenceLog.ts';
import { writeBatch } from '../../src/core/apply/transaction.ts';
import { chainEvent, EMPTY_HEAD, type EventRow, headAfter } from '../../src/core/chain/ledger.ts';

/** @param db of role `worker` */
export function newStream(db: unknown) {
  const stream = `session:${randomUUID()}`;
  let head = EMPTY_HEAD;
  return {
    stream,
    async grow(count = 1, on = db): Promise<EventRow[]> {
      const rows = Array.from({ length: count }, () => {
        const note = { kind: 'session', type: 'NOTE', payload: { n: head.sequence + 1 } };
        const row = chainEvent(stream, head, note, randomUUID(), 'system', '2026-01-01T00:00:00.000Z');
        head = headAfter(row);
        return row;
      });
      const moved = new Map([[stream, { head }]]);
      await writeBatch(on as never, { rows, moved, outcomes: [], faults: [] } as never);
      return rows;
    },
  };
}

/** Passes until one adds nothing. */
export async function sequenceAll(pool: pg.Pool): Promise<void> {
  for (let added = 1; added > 0; ) added = (await sequenceLog(pool))!.added;
}

/** As a superuser changes an event's actor, past triggers and checks. */
export function changeActor(stream: string, sequence: number, actor: string): string {
  return `
    begin; alter table events disable trigger user; alter table events drop constraint if exists ck_event_hash;
    update events set actor_id = '${actor}' where stream = '${stream}' and sequence = ${sequence};
    alter table events enable always trigger events_are_immutable, enable always trigger events_stay; commit`;
}
