/** A commit that concerned a match, or its session, has its room read again. */
import { idOf, kindOf } from '../../src/core/definitions/stream.ts';
import { assignmentStream } from '../../src/court/assignments/assignment.ts';
import { type SessionState, sessionStream } from '../../src/court/sessions/session.ts';
import type { Follower } from '../apply/follower.ts';

export const followRooms: Follower = ({ moved }, { touchRooms }) => {
  const rooms = [...moved].flatMap(([stream, { state }]) => {
    const kind = kindOf(stream);
    if (kind === assignmentStream.kind) return [idOf(stream)];
    return kind === sessionStream.kind ? [(state as SessionState).assignment_id] : [];
  });
  if (rooms.length > 0) touchRooms?.(rooms);
  return [];
};
