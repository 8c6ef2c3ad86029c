/** What receives frames for the tests knows those of the live protocol from all others. */
import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { CLOSE, CLOSINGS } from '../../src/live/closeCodes.ts';
import { faultsOf } from '../support/liveFrames.ts';

const hash = 'ab'.repeat(32);
const session_id = randomUUID();
const event = {
  type: 'EVENT',
  stream: `session:${session_id}`,
  session_id,
  event_sequence: 7,
  event_type: 'SESSION_PAUSED',
  event_id: randomUUID(),
  actor_id: randomUUID(),
  occurred_at: '2026-09-24T10:11:12.345Z',
  previous_hash: hash,
  event_hash: hash,
  payload: { reason: null },
  payload_salt: hash,
  payload_commitment: hash,
};

test.each<[string, object]>([
  ['an event', event],
  ['an event that was erased', { ...event, payload: null, payload_salt: null, erased: true }],
  ['an event of a type that is not ours', { ...event, event_type: 'NOTE', payload: { text: 'Anything.' } }],
  ['an answer to PING', { type: 'PONG', timestamp: event.occurred_at, head: { event_sequence: 7, event_hash: hash } }],
])('%s is a frame of the protocol', (_, frame) => {
  expect(faultsOf(frame)).toEqual([]);
});

test.each<[string, object, RegExp]>([
  ['of a type that there is not', { type: 'HELLO' }, /no message is called HELLO/],
  ['with a field too many', { ...event, hint: 1 }, /hint/],
  ['without a field', { ...event, actor_id: undefined }, /actor_id/],
  ['with a payload that its type does not have', { ...event, payload: { why: 'Tea.' } }, /why|reason/],
  ['with a time that is not ours', { ...event, occurred_at: '2026-09-24T10:11:12Z' }, /occurred_at/],
])('a frame %s is a fault', (_, frame, fault) => {
  expect(faultsOf(frame).join('\n')).toMatch(fault);
});

describe('close codes', () => {
  test('of those after which a client comes back there are two', () => {
    const returning = Object.values(CLOSE).filter((code) => CLOSINGS[code].returns);
    expect(returning).toEqual([CLOSE.slow, CLOSE.draining]);
  });
});
