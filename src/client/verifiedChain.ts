/**
 * How far a chain has been verified: takes its events one after the other, each only as the one that follows and whose
 * hashes are right, and holds the server to all that it says of the chain besides.
 */
import { GENESIS_HASH } from '../core/chain/chain.ts';
import { coveredFields, faultOfExported } from '../core/chain/exported.ts';
import type { JsonObject } from '../core/definitions/event.ts';
import type { Position, SessionEvent } from './protocol.ts';

/**
 * - unreadable: no event, or not in the form of one
 * - stream: of another stream
 * - gap, repeated: not the number that follows
 * - commitment, hash, link: a hash is not what it must be
 * - head: the server had said that another event stands there
 * - cut_off: the server knows less than was verified already
 * - withheld: the server speaks of events that its log does not have
 */
export type FaultCode =
  | 'unreadable'
  | 'stream'
  | 'gap'
  | 'repeated'
  | 'commitment'
  | 'hash'
  | 'link'
  | 'head'
  | 'cut_off'
  | 'withheld';

/** The chain does not hold. What was given out before is verified; the event at this number is not, nor is any later one. */
export class ChainBroken extends Error {
  readonly code: FaultCode;
  readonly event_sequence: number;
  readonly expected: unknown;
  readonly got: unknown;

  constructor(code: FaultCode, event_sequence: number, expected?: unknown, got?: unknown) {
    super(`The chain breaks at ${event_sequence}: ${code}`);
    this.name = 'ChainBroken';
    this.code = code;
    this.event_sequence = event_sequence;
    this.expected = expected;
    this.got = got;
  }
}

export interface VerifiedChain {
  /** The last event that was taken, or that the caller began after; the hash of that may be unknown. */
  last(): Begin | undefined;
  /** @returns the event with what its hashes cover. @throws {ChainBroken} */
  take(event: unknown): SessionEvent;
  /** What the server says to stand at a number, in the past or in the future. @throws {ChainBroken} */
  claim(position: unknown): Position;
  /** Begins after a position, where nothing is known yet. */
  begin(position: Begin): void;
}

export interface Begin {
  event_sequence: number;
  event_hash: string | undefined;
}

/** So many hashes of the past, and claims of the future, are remembered. */
const REMEMBERED = 256;

export function createVerifiedChain(session_id: string, isVerifying: boolean): VerifiedChain {
  const stream = `session:${session_id}`;
  /** The latest, each at its number's remainder. */
  const past: Begin[] = [];
  const claims = new Map<number, string>();
  let last: Begin | undefined;

  function begin(position: Begin): void {
    last = position.event_sequence === 0 ? { event_sequence: 0, event_hash: GENESIS_HASH } : position;
    past[last.event_sequence % REMEMBERED] = last;
  }

  function take(given: unknown): SessionEvent {
    const next = (last?.event_sequence ?? 0) + 1;
    if (typeof given !== 'object' || given === null) throw new ChainBroken('unreadable', next);
    const event = given as SessionEvent;
    const { event_sequence, event_hash, previous_hash } = event;
    if (event.stream !== stream || event.session_id !== session_id) {
      throw new ChainBroken('stream', next, stream, event.stream);
    }
    if (event_sequence !== next) {
      throw new ChainBroken(event_sequence < next ? 'repeated' : 'gap', next, next, event_sequence);
    }
    if (isVerifying) {
      if (last?.event_hash !== undefined && previous_hash !== last.event_hash) {
        throw new ChainBroken('link', next, last.event_hash, previous_hash);
      }
      const fault = faultOfExported(event as unknown as JsonObject);
      if (fault) throw new ChainBroken(fault.code, next, fault.expected, fault.got);
      const claimed = claims.size > 0 ? claims.get(next) : undefined;
      if (claimed !== undefined && claimed !== event_hash) throw new ChainBroken('head', next, claimed, event_hash);
      if (claimed !== undefined) claims.delete(next);
    }
    last = { event_sequence, event_hash };
    past[event_sequence % REMEMBERED] = last;
    const covered = coveredFields(event) as SessionEvent;
    covered.session_id = session_id;
    return covered;
  }

  function claim(given: unknown): Position {
    const { event_sequence, event_hash } = (given ?? {}) as Position;
    if (!Number.isSafeInteger(event_sequence) || typeof event_hash !== 'string') {
      throw new ChainBroken('unreadable', (last?.event_sequence ?? 0) + 1);
    }
    if (!isVerifying || event_sequence === 0) return { event_sequence, event_hash };
    const known = hashAt(event_sequence) ?? claims.get(event_sequence);
    if (known !== undefined && known !== event_hash) throw new ChainBroken('head', event_sequence, known, event_hash);
    if (last && event_sequence === last.event_sequence) begin({ event_sequence, event_hash });
    else if (!last || event_sequence > last.event_sequence) expect(event_sequence, event_hash);
    return { event_sequence, event_hash };
  }

  function hashAt(event_sequence: number): string | undefined {
    const known = past[event_sequence % REMEMBERED];
    return known?.event_sequence === event_sequence ? known.event_hash : undefined;
  }

  function expect(event_sequence: number, event_hash: string): void {
    claims.set(event_sequence, event_hash);
    if (claims.size > REMEMBERED) claims.delete(claims.keys().next().value!);
  }

  return { last: () => last, take, claim, begin };
}
