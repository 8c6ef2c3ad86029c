/**
 * A commit that concerned a match, or its session, has its room read again. What is only entered in the log of a session
 * changes nothing that a board shows.
 */
import { idOf, kindOf } from '../../src/core/definitions/stream.ts';
import { assignmentStream } from '../../src/court/assignments/assignment.ts';
import { type SessionState, sessionStream } from '../../src/court/sessions/session.ts';
import { catalog } from '../../src/modules.ts';
import type { Follower } from '../apply/follower.ts';

export const followRooms: Follower = ({ rows, moved }, { touchRooms }) => {
  const changed = new Set(rows.flatMap(({ stream, event_type }) => (catalog.events.has(event_type) ? [stream] : [])));
  const rooms = [...changed].flatMap((stream) => {
    const kind = kindOf(stream);
    if (kind === assignmentStream.kind) return [idOf(stream)];
    return kind === sessionStream.kind ? [(moved.get(stream)!.state as SessionState).assignment_id] : [];
  });
  if (rooms.length > 0) touchRooms?.(rooms);
  return [];
};
