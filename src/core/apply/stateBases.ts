/** What a state is folded on from, where it is not at hand: what was kept of it in memory, its snapshot, or nothing. */
import type { Head } from '../definitions/stream.ts';
import type { Queryable } from '../sql/queryable.ts';
import { LONG, type Snapshots } from './stateSnapshots.ts';

export type Origin = 'events' | 'memory' | 'snapshot';

export interface Base {
  head: Pick<Head, 'sequence' | 'event_hash'>;
  state: unknown;
  origin: Origin;
}

/** By stream, where there are any. */
export type Erasures = ReadonlyMap<string, number>;

const STILL_RECORDED = `
  select stream
  from unnest($1::text[], $2::integer[], $3::text[]) as s (stream, sequence, event_hash)
  join events e using (stream, sequence)
  where e.event_hash = decode(s.event_hash, 'hex')`;

/** A kept state is folded on where the chain still holds its head; otherwise nothing of it is used. */
export async function dropUnfounded(
  db: Queryable,
  stale: Map<string, Base>,
  fromNothing: (stream: string) => Base,
): Promise<void> {
  const based = [...stale].filter(([, { head }]) => head.sequence > 0);
  if (based.length === 0) return;
  const { rows } = await db.query<{ stream: string }>(STILL_RECORDED, [
    based.map(([stream]) => stream),
    based.map(([, { head }]) => head.sequence),
    based.map(([, { head }]) => head.event_hash),
  ]);
  const sound = new Set(rows.map(({ stream }) => stream));
  for (const [stream] of based) if (!sound.has(stream)) stale.set(stream, fromNothing(stream));
}

/** A stream that has gone far since is folded on from its snapshot, where that is of its chain as it is now. */
export async function findSnapshots(
  db: Queryable,
  snapshots: Snapshots,
  stale: Map<string, Base>,
  { heads, erasures }: { heads: ReadonlyMap<string, Head>; erasures: Erasures },
): Promise<void> {
  const far = [...stale].filter(([stream, { head }]) => heads.get(stream)!.sequence - head.sequence >= LONG);
  const after = new Map(far.map(([stream, { head }]) => [stream, head.sequence]));
  for (const { stream, head, state, erased } of await snapshots.load(db, after)) {
    const isFit = head.sequence <= heads.get(stream)!.sequence && erased === (erasures.get(stream) ?? 0);
    if (isFit) stale.set(stream, { head, state, origin: 'snapshot' });
  }
}
