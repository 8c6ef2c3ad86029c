/** What is connected, as it is now: the relays that hold a lease, the sessions under way, and how many listen where. */
import type { Queryable } from '../../core/sql/queryable.ts';
import type { Reports } from '../../infra/reports/reports.ts';
import type { Topology } from '../../live/consoleMessages.ts';

/** Of one institution, or of all. */
const MOST_ROOMS = 200;

const ROOMS = {
  name: 'find-rooms-of-topology',
  text: `
    select id, status from courtroom_sessions
    where status in ('active', 'paused') and ($1::uuid is null or institution_id = $1)
    order by id desc limit ${MOST_ROOMS}`,
};

/** @param db of role `relay`. @param institution_id null: of all */
export async function readTopology(
  db: Queryable,
  reports: Pick<Reports, 'reports' | 'rooms'>,
  institution_id: string | null,
): Promise<Topology> {
  const [{ rows }, relays, tallies] = await Promise.all([
    db.query<{ id: string; status: string }>({ ...ROOMS, values: [institution_id] }),
    reports.reports(),
    reports.rooms(),
  ]);
  const edges = [...tallies].flatMap(([relay, rooms]) =>
    rows.flatMap(({ id }) => {
      const { listeners = 0, connections = 0 } = rooms.get(id) ?? {};
      return connections === 0 ? [] : [{ from: `relay:${relay}`, to: `room:${id}`, listeners, status: 'connected' }];
    }),
  );
  const heard = (to: string) => edges.filter((edge) => edge.to === to).reduce((sum, edge) => sum + edge.listeners, 0);
  const carried = (from: string) =>
    edges.filter((edge) => edge.from === from).reduce((sum, one) => sum + one.listeners, 0);
  return {
    nodes: [
      ...[...relays.keys()].sort().map((relay) => {
        const id = `relay:${relay}`;
        return { id, kind: 'relay' as const, state: 'up', listeners: carried(id) };
      }),
      ...rows.map(({ id, status }) => {
        return { id: `room:${id}`, kind: 'room' as const, state: status, listeners: heard(`room:${id}`) };
      }),
    ],
    edges,
  };
}
