/** A kind of room: which stream its rooms follow, and how listeners are told of an event. */
import type { ExportedEvent } from '../../core/definitions/event.ts';
import type { StreamKind } from '../../core/definitions/stream.ts';
import { sessionStream } from '../../court/sessions/session.ts';
import { type PreparedEvent, prepareEvent } from '../listeners/prepared.ts';

export interface RoomKind {
  /** Of the stream `<kind>:<session id>`. */
  stream: Pick<StreamKind, 'kind' | 'id_name'>;
  /** To be awaited before they are prepared, where what is told of them has to be read. @throws when Postgres fails */
  describe?(events: readonly ExportedEvent[]): Promise<void>;
  prepare(event: ExportedEvent): PreparedEvent;
}

/** A session's record: each event as the log has it. */
export const LIVE: RoomKind = {
  stream: sessionStream,
  prepare: (event) => prepareEvent({ type: 'EVENT', ...event }),
};
