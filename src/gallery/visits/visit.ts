/** A visit: a gallery was read on a day by one reader. It stands outside the chain, and is kept for a week. */
import { defineStream, type StreamKind, streamName } from '../../core/definitions/stream.ts';
import { defineTable } from '../../core/definitions/table.ts';

export const KEPT_DAYS = 7;

export const visits = defineTable({
  name: 'gallery_visits',
  stream: null,
  owner: 'session_id',
  primary_key: ['id', 'visitor'],
  visible: { with: 'courtroom_sessions', by: 'session_id' },
});

/** Counting waits for nobody, and nobody waits for it. */
export const visitsStream: StreamKind<object> = defineStream('visits', { initial: () => ({}), apart: true });

export const theVisits = (session_id: string) =>
  ({ kind: 'visits', stream: streamName('visits', session_id) }) as const;
