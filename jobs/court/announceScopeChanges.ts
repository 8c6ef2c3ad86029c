/** The change of an assignment is announced, so that its scope is read again wherever it is cached. */
import { idOf, kindOf } from '../../src/core/definitions/stream.ts';
import { assignmentStream } from '../../src/court/assignments/assignment.ts';
import { SCOPE_CHANGES } from '../../src/infra/broadcast/scopeChanges.ts';
import type { Follower } from '../apply/follower.ts';

export const announceScopeChanges: Follower = ({ exported }, { publish }) => {
  // A new assignment (sequence 1) is in nobody's cache: nothing to invalidate.
  const changed = [...exported].filter(
    ([stream, events]) => kindOf(stream) === assignmentStream.kind && events.at(-1)!.event_sequence > 1,
  );
  return changed.map(([stream]) => publish(SCOPE_CHANGES, idOf(stream)));
};
