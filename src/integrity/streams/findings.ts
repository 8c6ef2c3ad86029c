/** What a verifier can find wrong with a stream's rows, in words. Several of these texts are fixed by the contract. */
import { GENESIS_HASH } from '../../core/chain/chain.ts';
import type { Head } from '../../core/definitions/stream.ts';
import type { FaultyEvent, StreamRows } from './streamRows.ts';

export interface Finding {
  /** The sequence it speaks of, where it speaks of one. */
  sequence: number | null;
  text: string;
}

export function finding(sequence: number | null, text: string): Finding {
  return { sequence, text };
}

/** Faults of the events themselves, of their links and payloads: as many as `fault_count` says, or the first of them. */
export function chainFindings({ faulty }: StreamRows): Finding[] {
  return faulty.flatMap((event) => eventFaults(event).map((text) => finding(event.sequence, text)));
}

/** Payloads that should not be there. */
export function payloadFindings({ stray_payloads, unerased }: StreamRows): Finding[] {
  return [
    ...stray_payloads.map((sequence) => finding(sequence, `Payload without an event at sequence ${sequence}`)),
    ...unerased.map(({ sequence, stream, event_sequence }) =>
      finding(
        sequence,
        `Erasure not carried out at sequence ${sequence}: ${stream} still holds payload ${event_sequence}`,
      ),
    ),
  ];
}

function eventFaults(e: FaultyEvent): string[] {
  const faults: string[] = [];
  const at = `at sequence ${e.sequence}`;
  if (e.sequence !== e.expected_sequence) faults.push(gapText(e.expected_sequence, e.sequence));
  if (e.event_hash !== e.computed_hash) faults.push(hashText(at, e.event_hash, e.computed_hash));
  if (e.is_lost) faults.push(`Payload missing ${at}`);
  else if (e.has_payload && (e.payload_commitment !== e.computed_commitment || e.computed_commitment === null)) {
    faults.push(hashText(at, e.payload_commitment, e.computed_commitment));
  }
  if (e.is_restored) faults.push(`Erased payload present ${at}`);
  if (e.previous_hash !== e.expected_previous) {
    faults.push(`Broken link ${at}: previous_hash=${e.previous_hash}, expected=${e.expected_previous}`);
  }
  if (e.is_backwards) faults.push(`Time runs backwards ${at}`);
  return faults;
}

function gapText(expected: number, got: number): string {
  return `Sequence gap: expected ${expected}, got ${got}`;
}

function hashText(at: string, stored: string | null, computed: string | null): string {
  return `Hash mismatch ${at}: stored=${stored}, computed=${computed}`;
}

/** Faults of the head, which catch a tail that was cut. A stream that only waits for a retry has a head of 0. */
export function headFindings({ head, last }: StreamRows, hasRows: boolean): Finding[] {
  if (!head && !last)
    return [finding(null, `Stream missing: no event is recorded${hasRows ? ', yet it has rows' : ''}`)];
  if (!head) return [finding(null, `Head missing: the last event is ${shown(last!)}`)];
  if (isSameHead(head, last)) return [];
  const reached = last?.sequence ?? 0;
  const first = head.sequence > reached ? reached + 1 : reached;
  const end = last ? `the last event is ${shown(last)}` : 'there is no event';
  return [finding(first, `Head mismatch: the head says ${shown(head)}, ${end}`)];
}

function isSameHead(head: Head, last: Head | null): boolean {
  const expected = last ?? { sequence: 0, event_hash: GENESIS_HASH, occurred_at: null };
  return (
    head.sequence === expected.sequence &&
    head.event_hash === expected.event_hash &&
    head.occurred_at === expected.occurred_at
  );
}

function shown({ sequence, event_hash, occurred_at }: Head): string {
  return `${sequence} ${event_hash} of ${occurred_at}`;
}
