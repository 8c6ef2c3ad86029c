/**
 * What a stream's events say that the tables hold: the events are folded again, with the same definitions that wrote
 * the rows. Tampered payloads can make an event unreadable; that is a finding, never a crash. What a newer version
 * recorded is none: this one cannot judge the tables by it, and says so.
 */

import { foldWrites } from '../../core/apply/projections.ts';
import { initialState } from '../../core/apply/streamStates.ts';
import { recordedEvent } from '../../core/chain/ledger.ts';
import type { Catalog } from '../../core/definitions/command.ts';
import type { RecordedFile } from '../../core/definitions/files.ts';
import { kindOf, type Seal, type StreamKind, sealedDigest } from '../../core/definitions/stream.ts';
import type { Write } from '../../core/definitions/write.ts';
import { type Finding, finding } from './findings.ts';
import type { RowToFold, StreamRows } from './streamRows.ts';

export interface Folded {
  /** The files that the chain names. */
  files: readonly RecordedFile[];
  /** The rows that the chain asks for; undefined where it cannot be read to its end. */
  writes: Write[] | undefined;
  findings: Finding[];
  /** What only a newer version knows: the tables were not compared because of it. */
  unjudged: string | null;
  /** It is sealed with a digest over texts some of which were erased since: there is nothing to compare that with. */
  isSealBlank: boolean;
}

export function foldStream(catalog: Catalog, streamRows: StreamRows): Folded {
  const findings: Finding[] = [];
  const name = kindOf(streamRows.stream);
  const kind = catalog.kinds.get(name);
  if (!kind) {
    const unjudged = catalog.reserved.stream_kinds.has(name) ? `streams of kind ${name}` : null;
    if (unjudged === null) findings.push(finding(null, `Unknown kind of stream: ${name}`));
    return { writes: undefined, findings, files: [], unjudged, isSealBlank: false };
  }
  const state = initialState(catalog, streamRows.stream);
  const folding: Folding = { kind, isReadable: true, unjudged: null, hasErased: false, isSealBlank: false, state };
  const writes = foldWrites(writesOf(catalog, streamRows, findings, folding));
  const files = readState(() => kind.files(folding.state), findings) ?? [];
  const { isReadable, unjudged, isSealBlank } = folding;
  return { writes: isReadable ? writes : undefined, findings, files, unjudged, isSealBlank };
}

interface Folding {
  kind: StreamKind;
  isReadable: boolean;
  unjudged: string | null;
  hasErased: boolean;
  isSealBlank: boolean;
  state: unknown;
}

/** One event at a time, so that only one write a row is kept however long the stream is. */
function* writesOf(catalog: Catalog, streamRows: StreamRows, findings: Finding[], folding: Folding): Generator<Write> {
  const { kind } = folding;
  const lost = new Set(streamRows.lost_sequences);
  for (const row of streamRows.recorded) {
    const definition = catalog.events.get(row.event_type);
    if (!definition) {
      folding.unjudged = `events of type ${row.event_type}`;
      folding.isReadable = false;
      return;
    }
    if (definition.stream.kind !== kind.kind) {
      findings.push(finding(row.sequence, `Misplaced event at sequence ${row.sequence}: ${row.event_type}`));
      continue;
    }
    if (lost.has(row.sequence)) {
      folding.isReadable = false;
      return;
    }
    if (row.payload === null) {
      folding.hasErased = true;
      if (!definition.erased)
        findings.push(
          finding(row.sequence, `Erasure of what cannot be erased at sequence ${row.sequence}: ${row.event_type}`),
        );
    }
    let writes: Write[];
    try {
      const event = recordedEvent(row) as never;
      folding.state = definition.evolve(folding.state, event);
      writes = definition.project(event, folding.state);
      if (row.event_type === kind.seal?.event) findings.push(...sealFindings(kind.seal, row, folding, streamRows));
    } catch {
      findings.push(finding(row.sequence, `Payload unreadable at sequence ${row.sequence}`));
      folding.isReadable = false;
      return;
    }
    yield* writes;
  }
  const broken = readState(() => kind.invariants(folding.state), findings) ?? [];
  findings.push(...broken.map((text) => finding(null, `Invariant broken: ${text}`)));
}

/** Tampered events can leave a state that its own kind cannot read: that is a finding, once, and never a crash. */
function readState<T>(read: () => T, findings: Finding[]): T | undefined {
  try {
    return read();
  } catch {
    const text = 'Invariant broken: the events fold into a state that cannot be read';
    if (!findings.some((one) => one.text === text)) findings.push(finding(null, text));
    return undefined;
  }
}

/** A seal stands last, counts the events and commits to the final state. */
function sealFindings(seal: Seal, row: RowToFold, folding: Folding, { last }: StreamRows): Finding[] {
  const { sequence } = row;
  const payload = JSON.parse(row.payload!) as { event_count: number; state_digest: string; digest_version?: number };
  const digest = sealedDigest(seal, payload, folding.state);
  const findings: Finding[] = [];
  const mismatch = (what: string, stored: unknown, computed: unknown) =>
    findings.push(
      finding(sequence, `${what} mismatch at sequence ${sequence}: stored=${stored}, computed=${computed}`),
    );
  if (payload.event_count !== sequence) mismatch('Event count', payload.event_count, sequence);
  if (digest === undefined)
    Object.assign(folding, { isReadable: false, unjudged: `seals with a digest of version ${payload.digest_version}` });
  else if (folding.hasErased && (payload.digest_version ?? 1) === 1) folding.isSealBlank = true;
  else if (payload.state_digest !== digest) mismatch('State digest', payload.state_digest, digest);
  if (last!.sequence > sequence) {
    const text = `Events after ${seal.event}: it stands at sequence ${sequence}, the last event at ${last!.sequence}`;
    findings.push(finding(last!.sequence, text));
  }
  return findings;
}
