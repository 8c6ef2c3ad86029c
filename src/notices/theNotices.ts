/** Commands of a person about notices are put in order by a stream in which nothing is recorded: what is set is nobody else's. */
import { defineStream, type StreamKind, streamName } from '../core/definitions/stream.ts';

export const noticesStream: StreamKind<object> = defineStream('notices', { initial: () => ({}), apart: true });

export const theNotices = (user_id: string) => ({ kind: 'notices', stream: streamName('notices', user_id) }) as const;
