/**
 * What is connected, as it is now: the kinds of processes that are alive and the queues that workers serve, as heartbeats tell
 * it; the relays that hold a lease; the sessions under way, and how many listen where.
 */
import type { Queryable } from '../../core/sql/queryable.ts';
import { type Heartbeat, PROCESS_KINDS } from '../../infra/postgres/heartbeat.ts';
import type { Reports } from '../../infra/reports/reports.ts';
import type { Topology } from '../../live/consoleMessages.ts';

export interface TopologySources {
  /** Of role `relay`. */
  db: Queryable;
  reports: Pick<Reports, 'reports' | 'rooms'>;
  heartbeat: Pick<Heartbeat, 'alive' | 'served'>;
}

/** Of one institution, or of all. */
const MOST_ROOMS = 200;
const MOST_RELAYS = 50;
/** Those with most listeners. */
const MOST_EDGES = 1_000;

const ROOMS = {
  name: 'find-rooms-of-topology',
  text: `
    select id, status from courtroom_sessions
    where status in ('active', 'paused') and ($1::uuid is null or institution_id = $1)
    order by id desc limit ${MOST_ROOMS}`,
};

/** @param institution_id null: of all */
export async function readTopology(
  { db, reports, heartbeat }: TopologySources,
  institution_id: string | null,
): Promise<Topology> {
  const [{ rows }, said, tallies] = await Promise.all([
    db.query<{ id: string; status: string }>({ ...ROOMS, values: [institution_id] }),
    reports.reports(),
    reports.rooms(),
  ]);
  const relays = [...said.keys()].sort().slice(0, MOST_RELAYS);
  const heard = relays.flatMap((relay) =>
    rows.flatMap(({ id }) => {
      const { listeners = 0, connections = 0 } = tallies.get(relay)?.get(id) ?? {};
      return connections === 0 ? [] : [{ from: `relay:${relay}`, to: `room:${id}`, listeners, status: 'connected' }];
    }),
  );
  const edges = heard.toSorted((a, b) => b.listeners - a.listeners).slice(0, MOST_EDGES);
  const at = sumsOf(heard);
  const platform = platformOf(heartbeat);
  return {
    nodes: [
      ...platform.nodes,
      ...relays.map((relay) => nodeOf('relay', relay, 'up', at.get(`relay:${relay}`))),
      ...rows.map(({ id, status }) => nodeOf('room', id, status, at.get(`room:${id}`))),
    ],
    edges: [...platform.edges, ...edges],
  };
}

type Node = Topology['nodes'][number];
type Edge = Topology['edges'][number];

const nodeOf = (kind: Node['kind'], name: string, state: string, listeners = 0): Node => {
  return { id: `${kind}:${name}`, kind, state, listeners };
};

/** Each kind of process with how many there are of it, and each queue with whether any worker takes from it. */
function platformOf({ alive, served }: TopologySources['heartbeat']): Topology {
  const counts = alive();
  const queues = [...served()];
  return {
    nodes: [
      ...PROCESS_KINDS.map((kind) => ({
        ...nodeOf('process', kind, counts[kind] > 0 ? 'up' : 'away'),
        processes: counts[kind],
      })),
      ...queues.map(([queue, isServed]) => nodeOf('queue', queue, isServed ? 'served' : 'unserved')),
    ],
    edges: queues.flatMap(([queue, isServed]) =>
      isServed ? [{ from: 'process:worker', to: `queue:${queue}`, listeners: 0, status: 'served' }] : [],
    ),
  };
}

/** How many listen, by either end. */
function sumsOf(edges: readonly Edge[]): ReadonlyMap<string, number> {
  const sums = new Map<string, number>();
  for (const { from, to, listeners } of edges) {
    for (const end of [from, to]) sums.set(end, (sums.get(end) ?? 0) + listeners);
  }
  return sums;
}
