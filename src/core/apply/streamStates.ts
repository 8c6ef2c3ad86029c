/**
 * States of streams, folded from their events and kept from one transaction to the next. A kept state is used only
 * where its head is the one just locked; when another worker has moved on, only the events since then are folded.
 * What a newer version recorded cannot be folded by this one, and such a stream is left to it.
 */
import { LRUCache } from 'lru-cache';
import { EMPTY_HEAD, EVENT_COLUMNS, type EventRow, REMAINS, recordedEvent } from '../chain/ledger.ts';
import type { Catalog } from '../definitions/command.ts';
import { type Head, idOf, kindOf } from '../definitions/stream.ts';
import type { Queryable } from '../sql/queryable.ts';

export interface StreamState {
  head: Head;
  state: unknown;
}

export interface Loaded {
  states: Map<string, unknown>;
  /** Streams that only a newer version can read, each with what this one does not know of it. */
  newer: Map<string, string>;
}

export interface States {
  /**
   * The state of each of these streams at exactly these heads.
   * @param erasures how many of its payloads were erased: a state from before one holds what it took out
   */
  load(db: Queryable, heads: ReadonlyMap<string, Head>, erasures?: Erasures): Promise<Loaded>;
  /** Keeps a state; to be called after the commit that made it true, with the erasures that it was loaded with. */
  keep(stream: string, current: StreamState, erasures?: Erasures): void;
}

/** By stream, where there are any. */
type Erasures = ReadonlyMap<string, number>;

const NO_ERASURES: Erasures = new Map();

const KEPT_STREAMS = 5_000;

const STILL_RECORDED = `
  select stream
  from unnest($1::text[], $2::integer[], $3::text[]) as s (stream, sequence, event_hash)
  join events e using (stream, sequence)
  where e.event_hash = decode(s.event_hash, 'hex')`;

const EVENTS_SINCE = `
  select ${EVENT_COLUMNS}, ${REMAINS}
  from unnest($1::text[], $2::integer[]) as s (stream, sequence)
  join events e on e.stream = s.stream and e.sequence > s.sequence
    and (e.event_type = any($3) or e.event_type ~ $4)
  left join event_payloads p on p.stream = e.stream and p.sequence = e.sequence
  left join erasures x on p.stream is null and x.stream = e.stream and x.sequence = e.sequence
  order by e.stream, e.sequence`;

export function createStates(catalog: Catalog): States {
  const kept = new LRUCache<string, StreamState & { erased: number }>({ max: KEPT_STREAMS });
  const types = [...catalog.events.keys()];

  async function load(
    db: Queryable,
    heads: ReadonlyMap<string, Head>,
    erasures: Erasures = NO_ERASURES,
  ): Promise<Loaded> {
    const states = new Map<string, unknown>();
    const newer = new Map<string, string>();
    const stale = new Map<string, StreamState>();
    for (const [stream, head] of heads) {
      const found = kept.get(stream);
      const known = found?.erased === (erasures.get(stream) ?? 0) ? found : undefined;
      if (!catalog.kinds.has(kindOf(stream)) && catalog.reserved.stream_kinds.has(kindOf(stream)))
        newer.set(stream, `streams of kind ${kindOf(stream)}`);
      else if (head.sequence === 0) states.set(stream, initialState(catalog, stream));
      else if (known?.head.event_hash === head.event_hash) states.set(stream, known.state);
      else stale.set(stream, known ?? { head: EMPTY_HEAD, state: initialState(catalog, stream) });
    }
    if (stale.size === 0) return { states, newer };
    await foldSince(db, await founded(db, stale), { states, newer });
    for (const stream of stale.keys()) {
      if (newer.has(stream)) states.delete(stream);
      else keep(stream, { head: heads.get(stream)!, state: states.get(stream) }, erasures);
    }
    return { states, newer };
  }

  /** What to fold on: a kept state where the chain still holds its head, otherwise nothing. */
  async function founded(db: Queryable, stale: Map<string, StreamState>): Promise<Map<string, StreamState>> {
    const based = [...stale].filter(([, { head }]) => head.sequence > 0);
    if (based.length === 0) return stale;
    const { rows } = await db.query<{ stream: string }>(STILL_RECORDED, [
      based.map(([stream]) => stream),
      based.map(([, { head }]) => head.sequence),
      based.map(([, { head }]) => head.event_hash),
    ]);
    const sound = new Set(rows.map(({ stream }) => stream));
    for (const [stream] of based) {
      if (!sound.has(stream)) stale.set(stream, { head: EMPTY_HEAD, state: initialState(catalog, stream) });
    }
    return stale;
  }

  async function foldSince(db: Queryable, stale: Map<string, StreamState>, { states, newer }: Loaded): Promise<void> {
    const after = [...stale.values()].map(({ head }) => head.sequence);
    const { rows } = await db.query<EventRow>(EVENTS_SINCE, [
      [...stale.keys()],
      after,
      types,
      catalog.reserved.event_types.source,
    ]);
    for (const [stream, { state }] of stale) states.set(stream, state);
    for (const row of rows) {
      if (!catalog.events.has(row.event_type)) newer.set(row.stream, `events of type ${row.event_type}`);
      else if (!newer.has(row.stream)) states.set(row.stream, evolveWith(catalog, states.get(row.stream), row));
    }
  }

  function keep(stream: string, current: StreamState, erasures: Erasures = NO_ERASURES): void {
    kept.set(stream, { ...current, erased: erasures.get(stream) ?? 0 });
  }

  return { load, keep };
}

export function initialState(catalog: Catalog, stream: string): unknown {
  const kind = catalog.kinds.get(kindOf(stream));
  if (!kind) throw new Error(`no kind of stream is named ${kindOf(stream)}`);
  return kind.initial(idOf(stream));
}

/** Custom events have no definition and change no state. */
export function evolveWith(catalog: Catalog, state: unknown, row: EventRow): unknown {
  const definition = catalog.events.get(row.event_type);
  return definition ? definition.evolve(state, recordedEvent(row) as never) : state;
}
