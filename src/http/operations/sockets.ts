/**
 * `GET /ops/sockets`: the connections of all relays, as these report them. The rooms are a list in pages, the fullest
 * first; it is worked out anew for each page. Without a Redis that answers nothing is known of other processes: 503.
 */

import { z } from 'zod';
import type { JsonObject } from '../../core/definitions/event.ts';
import { pageOf, pageQuery } from '../../core/definitions/page.ts';
import { Problem } from '../../core/definitions/problem.ts';
import { id } from '../../core/definitions/schemas.ts';
import { addTallies, NOBODY, type RelayReport, type Tallies, type Tally } from '../../infra/reports/reports.ts';
import { type ApiContext, demandRole, enter } from '../door/door.ts';
import { demandQuery } from '../door/query.ts';
import { defineRoute, type Serve } from '../door/route.ts';
import { socketsAnswer } from './operationAnswers.ts';

const OPERATORS = ['super_admin'] as const;
const query = z.strictObject(pageQuery([z.string().regex(/^\d{1,9}$/), id]));

export const readSockets = defineRoute({
  name: 'ops.sockets',
  route: 'GET /ops/sockets',
  summary: 'Connections at all relays: how many, by transport, by room and by relay',
  roles: OPERATORS,
  query,
  answer: socketsAnswer,
  rejects: ['unavailable'],
  serve: serveSockets,
});

function serveSockets(context: ApiContext): Serve {
  return async (req, res) => {
    const actor = (await enter(context, req, res, readSockets))!;
    demandRole(actor, OPERATORS);
    const page = demandQuery(query, req);
    const { reports } = context;
    const [relays, rooms, unique_users] = await demandRelays(() =>
      Promise.all([reports.reports(), reports.rooms(), reports.uniqueUsers()]),
    );
    res.set('Cache-Control', 'no-store').json({ ...totalsOf(relays), unique_users, ...pageOfRooms(rooms, page) });
  };
}

/** @throws {Problem} 503 where what relays say cannot be read */
export async function demandRelays<T>(question: () => Promise<T>): Promise<T> {
  try {
    return await question();
  } catch {
    const detail = 'What the relays say of themselves cannot be read just now.';
    throw new Problem('unavailable', detail, {}, { 'Retry-After': '1' });
  }
}

function totalsOf(reports: ReadonlyMap<string, RelayReport>): JsonObject {
  const connections_by_transport: Record<string, number> = {};
  let total_connections = 0;
  for (const { connections, connections_by_transport: own } of reports.values()) {
    total_connections += connections;
    for (const [transport, count] of Object.entries(own)) {
      connections_by_transport[transport] = (connections_by_transport[transport] ?? 0) + count;
    }
  }
  const relays = [...reports].map(([id, { connections, started_at }]) => ({ id, connections, started_at }));
  relays.sort((one, other) => one.started_at.localeCompare(other.started_at) || one.id.localeCompare(other.id));
  return { total_connections, connections_by_transport, relays };
}

interface Room {
  session_id: string;
  connections: number;
}

function pageOfRooms(relays: ReadonlyMap<string, Tallies>, page: z.output<typeof query>): JsonObject {
  const totals = new Map<string, Tally>();
  for (const rooms of relays.values()) {
    for (const [session_id, tally] of rooms) {
      totals.set(session_id, addTallies(totals.get(session_id) ?? NOBODY, tally));
    }
  }
  const [connections, session_id] = page.cursor ?? [];
  const last = session_id === undefined ? undefined : { session_id, connections: Number(connections) };
  const following = [...totals]
    .map(([id, tally]): Room => ({ session_id: id, connections: tally.connections }))
    .filter((room) => last === undefined || inOrder(last, room) < 0)
    .sort(inOrder)
    .slice(0, page.limit + 1);
  const { items, next_cursor } = pageOf(
    following,
    page,
    (room) => ({ ...room }),
    (room) => [String(room.connections), room.session_id],
  );
  return { rooms: items, ...(next_cursor !== null && { next_cursor }) };
}

function inOrder(one: Room, other: Room): number {
  return other.connections - one.connections || one.session_id.localeCompare(other.session_id);
}
