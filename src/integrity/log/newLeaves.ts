/** Which events may become leaves: each is recomputed from its columns before. Pure. */
import { GENESIS_HASH } from '../../core/chain/chain.ts';
import { type EventRow, hashOf } from '../../core/chain/ledger.ts';

/** An event without its payload, but with the commitment that payload and salt give; null where they are gone. */
export interface UnloggedEvent extends Omit<EventRow, 'payload' | 'payload_salt'> {
  computed_commitment: string | null;
}

/** The last event of a stream that is in the log, or what stands before the first. */
export interface Logged {
  sequence: number;
  leaf: string;
}

export interface Fault {
  sequence: number;
  text: string;
}

export const NOTHING_LOGGED: Logged = { sequence: 0, leaf: GENESIS_HASH };

/** @param events of one stream, in order. @returns how many of them may be leaves, and what is wrong with the next */
export function leavesAmong(events: UnloggedEvent[], last: Logged): { good: number; fault?: Fault } {
  let { sequence, leaf } = last;
  for (const [good, event] of events.entries()) {
    const text = faultOf(event, sequence + 1, leaf);
    if (text !== undefined) return { good, fault: { sequence: event.sequence, text } };
    sequence = event.sequence;
    leaf = event.event_hash;
  }
  return { good: events.length };
}

/** In the words of findings of the chain. */
function faultOf(event: UnloggedEvent, expected: number, previous: string): string | undefined {
  const { sequence, event_hash, previous_hash, payload_commitment, computed_commitment } = event;
  if (sequence !== expected) return `Sequence gap: expected ${expected}, got ${sequence}`;
  const at = `at sequence ${sequence}`;
  const computed = hashOf({ ...event, payload: null, payload_salt: null });
  if (computed !== event_hash) return `Hash mismatch ${at}: stored=${event_hash}, computed=${computed}`;
  if (computed_commitment !== null && computed_commitment !== payload_commitment) {
    return `Hash mismatch ${at}: stored=${payload_commitment}, computed=${computed_commitment}`;
  }
  if (previous_hash !== previous) return `Broken link ${at}: previous_hash=${previous_hash}, expected=${previous}`;
  return undefined;
}
