/**
 * What is connected is read for each institution once for all consoles of all relays: what another relay saw a moment ago is
 * in the cache. Where it cannot be read, what was seen last is good for as long as the cache keeps it.
 */
import type { z } from 'zod';
import type { Cache } from '../../infra/cache/cache.ts';
import { consoleServerMessages, type Topology } from '../../live/consoleMessages.ts';
import { readTopology, type TopologySources } from './topology.ts';

const READ_EVERY_MS = 5_000;
/** Of these beats each twelfth is told, whether anything has changed or not. */
const TOLD_EACH = 12;
/** Of what another relay read; its next turn is not waited for. */
const FRESH_MS = READ_EVERY_MS - 500;

const seen = consoleServerMessages.network_topology_update.omit({ type: true });
export type Seen = z.output<typeof seen>;

export interface KnownTopology {
  /** @param institution_id null: all of them. @throws where it was not seen lately either */
  read(institution_id: string | null): Promise<Seen>;
}

export function createKnownTopology(sources: TopologySources, cache: Pick<Cache, 'get' | 'put'>): KnownTopology {
  async function read(institution_id: string | null): Promise<Seen> {
    const id = institution_id ?? 'installation';
    const known = await cache.get('topology', id, seen);
    if (known && isFresh(known)) return known;
    let topology: Topology;
    try {
      topology = await readTopology(sources, institution_id);
    } catch (err) {
      if (known) return known;
      throw err;
    }
    const now = { ...topology, as_of: new Date().toISOString() };
    await cache.put('topology', id, now);
    return now;
  }

  return { read };
}

/** Clocks differ: what is said to be seen later than now is not trusted to be new. */
function isFresh({ as_of }: Seen): boolean {
  const age_ms = Date.now() - Date.parse(as_of);
  return age_ms >= 0 && age_ms < FRESH_MS;
}

/** @param onBeat is told whether consoles are told though nothing has changed. @returns stops it */
export function startBeat(onBeat: (isDue: boolean) => void): () => void {
  let beats = 0;
  const timer = setInterval(() => {
    beats += 1;
    onBeat(beats % TOLD_EACH === 0);
  }, READ_EVERY_MS).unref();
  return () => clearInterval(timer);
}
