/**
 * Streams that are broken on purpose, each in one way, read by the very statement of the sweep: one that finds all of them sound, or none,
 * is not to be believed.
 */
import { chainEvent, EMPTY_HEAD, type EventRow, hashOf, headAfter } from '../../core/chain/ledger.ts';
import type { Queryable } from '../../core/sql/queryable.ts';
import { type SweptStream, sweepText } from './sweptRows.ts';

interface Canary {
  events: EventRow[];
  /** The places of its events in the log. */
  leaves: number[];
}

const FORGED = 'f0'.repeat(32);
const LENGTH = 3;

function soundCanary(name: string): Canary {
  const events: EventRow[] = [];
  for (let n = 0; n < LENGTH; n += 1) {
    const id = `00000000-0000-4000-8000-00000000000${n}`;
    const at = `2026-11-21T10:00:0${n}.500Z`;
    const head = events.length === 0 ? EMPTY_HEAD : headAfter(events.at(-1)!);
    const event = { kind: 'canary', type: 'CANARY', payload: { text: 'Ünd "so" \\ 😀' } };
    events.push(chainEvent(`canary:${name}`, head, event, id, 'system', at));
  }
  return { events, leaves: events.map((_, n) => n) };
}

const changed = (n: number, changes: (row: EventRow) => Partial<EventRow>) => (canary: Canary) => {
  canary.events[n] = { ...canary.events[n]!, ...changes(canary.events[n]!) };
};
/** The same with a hash that fits the row: what comes after it does not. */
const rehashed = (n: number, changes: Partial<EventRow>) => (canary: Canary) => {
  const row = { ...canary.events[n]!, ...changes };
  canary.events[n] = { ...row, event_hash: hashOf(row) };
};

/** What is done to each, by its name. */
const BROKEN: { [name: string]: (canary: Canary) => void } = {
  actor: changed(1, () => ({ actor_id: 'forged' })),
  type: changed(2, () => ({ event_type: 'FORGED' })),
  id: changed(0, () => ({ event_id: '00000000-0000-4000-8000-000000000009' })),
  time: changed(1, () => ({ occurred_at: '2026-11-21T10:00:01.501Z' })),
  hash: changed(1, () => ({ event_hash: FORGED })),
  nothing: changed(1, () => ({ payload_commitment: null as never })),
  payload: changed(1, ({ payload }) => ({ payload: `${payload} ` })),
  salt: changed(1, () => ({ payload_salt: FORGED })),
  lost: changed(1, () => ({ payload: null })),
  link: rehashed(1, { previous_hash: FORGED }),
  relinked: rehashed(1, { actor_id: 'forged' }),
  number: rehashed(2, { sequence: 4 }),
  earlier: rehashed(2, { occurred_at: '2026-11-21T10:00:01.499Z' }),
  gap: ({ events }) => void events.splice(1, 1),
  twice: ({ events }) => void events.push(events[2]!),
};

export const CANARY_NAMES = ['sound', ...Object.keys(BROKEN)];

const GIVEN = `
  with given as (
    select * from json_to_recordset($4) as r (stream text, sequence integer, event_id uuid, event_type text, actor_id text,
      occurred_at timestamptz, payload_commitment text, previous_hash text, event_hash text, payload text, payload_salt text, index bigint)
  ), events as (
    select stream collate "C" as stream, sequence, event_id, event_type, actor_id, occurred_at,
      decode(payload_commitment, 'hex') as payload_commitment, decode(previous_hash, 'hex') as previous_hash,
      decode(event_hash, 'hex') as event_hash
    from given
  ), event_payloads as (
    select distinct stream collate "C" as stream, sequence, decode(payload_salt, 'hex') as salt, payload from given where payload is not null
  ), log_leaves as (
    select distinct stream collate "C" as stream, sequence, index from given
  )`;
const TABLES = { events: 'events', event_payloads: 'event_payloads', log_leaves: 'log_leaves' };
const CANARIES = `${GIVEN} ${sweepText(TABLES)}`;

export async function sweepCanaries(db: Queryable): Promise<SweptStream[]> {
  const canaries = CANARY_NAMES.map((name) => {
    const canary = soundCanary(name);
    BROKEN[name]?.(canary);
    return canary;
  });
  const rows = canaries.flatMap(({ events, leaves }) => events.map((row, n) => ({ ...row, index: leaves[n] ?? n })));
  return (await db.query<SweptStream>(CANARIES, [null, null, LENGTH, JSON.stringify(rows)])).rows;
}

/** @throws where one of them passes, or where a sound stream does not */
export function assertSweptFound(swept: readonly SweptStream[]): void {
  for (const name of CANARY_NAMES) {
    const one = swept.find(({ stream }) => stream === `canary:${name}`);
    if (!one) throw new Error(`the first pass does not see: ${name}`);
    if (one.is_sound !== (name === 'sound')) throw new Error(`the first pass does not tell: ${name}`);
  }
}

export async function confirmSweptFound(db: Queryable): Promise<void> {
  assertSweptFound(await sweepCanaries(db));
}
