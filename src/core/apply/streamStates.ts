/**
 * States of streams, folded from their events and kept from one transaction to the next. A kept state is used only
 * where its head is the one just locked; when another worker has moved on, only the events since then are folded, and
 * of a long stream that is not kept at all those since its snapshot.
 * What a newer version recorded cannot be folded by this one, and such a stream is left to it.
 */
import { EMPTY_HEAD, EVENT_COLUMNS, type EventRow, REMAINS, recordedEvent } from '../chain/ledger.ts';
import type { Catalog } from '../definitions/command.ts';
import { type Head, idOf, kindOf } from '../definitions/stream.ts';
import type { Queryable } from '../sql/queryable.ts';
import { createKeptStates, type StreamState } from './keptStates.ts';
import { type Base, dropUnfounded, type Erasures, findSnapshots, type Origin } from './stateBases.ts';
import { isWorthKeeping, NO_SNAPSHOTS, type SealedSnapshot, type Snapshots } from './stateSnapshots.ts';

export interface Loaded {
  states: Map<string, unknown>;
  /** Streams that only a newer version can read, each with what this one does not know of it. */
  newer: Map<string, string>;
  /** Streams of which so many events were folded that a snapshot is worth its while. */
  long: string[];
}

export interface StatesOptions {
  snapshots?: Snapshots;
  /** How much the kept states may be together. */
  kept_bytes?: number;
  /** Told of each stream that was folded. */
  onFolded?(from: Origin, stream: string): void;
}

export interface States {
  /**
   * The state of each of these streams at exactly these heads.
   * @param erasures how many of its payloads were erased: a state from before one holds what it took out
   */
  load(db: Queryable, heads: ReadonlyMap<string, Head>, erasures?: Erasures): Promise<Loaded>;
  /** Snapshots of these streams, to be stored by the transaction that has them locked. */
  seal(current: ReadonlyMap<string, StreamState>, erasures: Erasures): Promise<SealedSnapshot[]>;
  /** Keeps the states that moved; to be called after the commit that made them true. */
  keep(decided: Moved): void;
}

export interface Moved {
  moved: ReadonlyMap<string, StreamState>;
  rows: readonly EventRow[];
  /** With which they were loaded. */
  erasures?: Erasures;
}

const NO_ERASURES: Erasures = new Map();

const EVENTS_SINCE = `
  select ${EVENT_COLUMNS}, ${REMAINS}
  from unnest($1::text[], $2::integer[]) as s (stream, sequence)
  join events e on e.stream = s.stream and e.sequence > s.sequence
    and (e.event_type = any($3) or e.event_type ~ $4)
  left join event_payloads p on p.stream = e.stream and p.sequence = e.sequence
  left join erasures x on p.stream is null and x.stream = e.stream and x.sequence = e.sequence
  order by e.stream, e.sequence`;

export function createStates(
  catalog: Catalog,
  { snapshots = NO_SNAPSHOTS, kept_bytes, onFolded }: StatesOptions = {},
): States {
  const kept = createKeptStates(kept_bytes);
  const types = [...catalog.events.keys()];

  async function load(
    db: Queryable,
    heads: ReadonlyMap<string, Head>,
    erasures: Erasures = NO_ERASURES,
  ): Promise<Loaded> {
    const loaded: Loaded = { states: new Map(), newer: new Map(), long: [] };
    const stale = new Map<string, Base>();
    for (const [stream, head] of heads) {
      const found = kept.get(stream);
      const known = found?.erased === (erasures.get(stream) ?? 0) ? found : undefined;
      if (!catalog.kinds.has(kindOf(stream)) && catalog.reserved.stream_kinds.has(kindOf(stream)))
        loaded.newer.set(stream, `streams of kind ${kindOf(stream)}`);
      else if (head.sequence === 0) loaded.states.set(stream, initialState(catalog, stream));
      else if (known?.head.event_hash === head.event_hash) loaded.states.set(stream, known.state);
      else stale.set(stream, known ? { ...known, origin: 'memory' } : fromNothing(stream));
    }
    if (stale.size === 0) return loaded;
    await dropUnfounded(db, stale, fromNothing);
    await findSnapshots(db, snapshots, stale, { heads, erasures });
    const since_bytes = payloadBytes(await foldSince(db, stale, loaded));
    for (const [stream, { head: base, origin }] of stale) {
      const head = heads.get(stream)!;
      onFolded?.(origin, stream);
      const isLong = snapshots !== NO_SNAPSHOTS && isWorthKeeping(head.sequence - base.sequence, head.sequence);
      if (loaded.newer.has(stream)) loaded.states.delete(stream);
      // It is kept after the commit that stores its snapshot: after a try that fails it is as long as before.
      else if (isLong) loaded.long.push(stream);
      else keepOne(stream, { head, state: loaded.states.get(stream) }, erasures, since_bytes);
    }
    return loaded;
  }

  const fromNothing = (stream: string): Base => ({
    head: EMPTY_HEAD,
    state: initialState(catalog, stream),
    origin: 'events',
  });

  async function foldSince(db: Queryable, stale: Map<string, Base>, { states, newer }: Loaded): Promise<EventRow[]> {
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
    return rows;
  }

  function seal(current: ReadonlyMap<string, StreamState>, erasures: Erasures): Promise<SealedSnapshot[]> {
    return snapshots.seal(
      [...current].map(([stream, held]) => ({ stream, ...held, erased: erasures.get(stream) ?? 0 })),
    );
  }

  function keep({ moved, rows, erasures = NO_ERASURES }: Moved): void {
    const since_bytes = payloadBytes(rows);
    for (const [stream, current] of moved) keepOne(stream, current, erasures, since_bytes);
  }

  function keepOne(stream: string, current: StreamState, erasures: Erasures, bytes: Map<string, number>): void {
    kept.keep(stream, current, { erased: erasures.get(stream) ?? 0, since_bytes: bytes.get(stream) ?? 0 });
  }

  return { load, seal, keep };
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

/** By stream; of letters beyond ASCII there may be more. */
function payloadBytes(rows: readonly EventRow[]): Map<string, number> {
  const bytes = new Map<string, number>();
  for (const { stream, payload } of rows) bytes.set(stream, (bytes.get(stream) ?? 0) + (payload?.length ?? 0));
  return bytes;
}
