/** Bundles in memory, made of kept histories as the server makes them. */
import type { SessionEvent } from '../../src/client/protocol.ts';
import { canonicalPayload, envelopeText } from '../../src/core/chain/chain.ts';
import { createFold } from '../../src/fold/fold.ts';
import { foldBundle } from '../../src/fold/foldBundle.ts';
import { payloadLineText } from '../../src/verifier/payloads.ts';
import type { BundleSource } from '../../src/verifier/source.ts';
import { type VerifyOptions, verifyBundle } from '../../src/verifier/verifyBundle.ts';
import { erasures, histories } from './histories.ts';

/** Lines without their ends, and files as text. */
export interface Bundle {
  events: string[];
  payloads: string[];
  /** `session.json`. */
  session: string;
  more: { [name: string]: string | Uint8Array };
}

export const historyOf = (name: string) => histories.find((one) => one.name === name)!;

export function bundleOf(events: readonly SessionEvent[]): Bundle {
  const fold = createFold(events[0]!.stream.split(':')[1]!);
  for (const event of events) fold.add(event);
  return {
    events: events.map(envelopeOf),
    payloads: events.map(payloadOf),
    session: JSON.stringify(fold.shown(events.at(-1)!.occurred_at).session),
    more: {},
  };
}

export function envelopeOf(e: SessionEvent): string {
  const { previous_hash, stream } = e;
  return envelopeText({
    ...{ actor: e.actor_id, at: e.occurred_at, commitment: e.payload_commitment, id: e.event_id, previous_hash },
    ...{ sequence: e.event_sequence, stream, type: e.event_type },
  });
}

function payloadOf({ stream, event_sequence: sequence, payload, payload_salt: salt }: SessionEvent): string {
  if (payload !== null) return payloadLineText({ sequence, salt: salt!, payload: canonicalPayload(payload) });
  const by = erasures.find((one) => one.payload!.stream === stream && one.payload!.event_sequence === sequence)!;
  const erasing = { envelope: envelopeOf(by), salt: by.payload_salt!, payload: canonicalPayload(by.payload!) };
  return payloadLineText({ sequence, erased: true, by: erasing });
}

export function filesOf({ events, payloads, session, more }: Bundle): Map<string, Uint8Array> {
  const text = (lines: string[]) => lines.map((line) => `${line}\n`).join('');
  const files = { 'events.ndjson': text(events), 'payloads.ndjson': text(payloads), 'session.json': session, ...more };
  return new Map(
    Object.entries(files).map(([name, file]) => [
      name,
      typeof file === 'string' ? new TextEncoder().encode(file) : file,
    ]),
  );
}

/** @param piece_bytes how much of a file comes at once */
export function sourceOf(files: Map<string, Uint8Array>, piece_bytes = 1_000): BundleSource {
  async function* piecesOf(file: Uint8Array) {
    for (let at = 0; at < file.length; at += piece_bytes) yield file.subarray(at, at + piece_bytes);
  }
  return { names: () => [...files.keys()], open: (name) => (files.has(name) ? piecesOf(files.get(name)!) : undefined) };
}

export function verified(bundle: Bundle, options: Partial<VerifyOptions> = {}) {
  return verifyBundle(sourceOf(filesOf(bundle)), { level: 'self', fold: foldBundle, ...options });
}
