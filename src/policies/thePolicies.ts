/**
 * What several policies of an institution come to together, that some admin passes all that enforce, and how many there are, is
 * decided one command at a time: they lock a stream of the institution's, in which nothing is recorded.
 */
import { defineStream, type StreamKind, streamName } from '../core/definitions/stream.ts';

export const policiesStream: StreamKind<object> = defineStream('policies', {
  initial: () => ({}),
  apart: true,
  few: true,
});

export const thePolicies = (institution_id: string) =>
  ({ kind: 'policies', stream: streamName('policies', institution_id) }) as const;
