/** The chain of a bundle: each line is the very bytes that were hashed, and names the hash of the line before. Pure. */
import { GENESIS_HASH } from '../core/chain/chain.ts';
import { sha256 } from '../core/chain/sha256.ts';
import type { Tally } from './report.ts';

/** What an envelope says, and its hash. */
export interface EventLine {
  sequence: number;
  type: string;
  actor: string;
  at: string;
  id: string;
  stream: string;
  commitment: string;
  previous_hash: string;
  event_hash: string;
}

/** Behind which event a chain goes on. */
export interface ChainEnd {
  stream: string;
  sequence: number;
  event_hash: string;
  /** The time of the last event that could be read. */
  at: string;
}

export interface Chain {
  /** @returns what the line says; undefined where it is no envelope */
  add(line: string): EventLine | undefined;
  stream(): string | null;
  head(): { event_sequence: number; event_hash: string } | null;
  /** Whether the last event is one that ends its stream. */
  hasEnded(): boolean;
  /** Undefined before the first event that can be read, and where none may follow. */
  chainEnd(): ChainEnd | undefined;
  /** Events were found sound, none of which ends the stream: the chain goes on behind them. */
  moveTo(chainEnd: ChainEnd): void;
}

const UUID = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';
const ENVELOPE = new RegExp(
  '^\\{"actor":"([a-z0-9:_-]{1,64})","at":"(\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z)","commit":"([0-9a-f]{64})",' +
    `"id":"(${UUID})","prev":"([0-9a-f]{64})","seq":([1-9]\\d{0,9}),"stream":"([a-z]+:[a-z0-9-]{1,60})",` +
    '"type":"([A-Z][A-Z0-9_]{0,49})","v":"plearoll\\.event/1"\\}$',
);
/** Nothing follows it in its stream. */
const ENDING = 'SESSION_COMPLETED';

/** @returns undefined where the line is not in the one form that an envelope has */
export function readEnvelope(line: string, event_hash = hashOfLine(line)): EventLine | undefined {
  const m = ENVELOPE.exec(line);
  if (!m) return undefined;
  return {
    sequence: Number(m[6]),
    type: m[8]!,
    actor: m[1]!,
    at: m[2]!,
    id: m[4]!,
    stream: m[7]!,
    commitment: m[3]!,
    previous_hash: m[5]!,
    event_hash,
  };
}

export function hashOfLine(line: string): string {
  return sha256(`\u0000${line}`);
}

/** The chain of one stream from its first event on. What is found of an event stands at the sequence that it claims. */
export function startChain(tally: Tally): Chain {
  let stream: string | null = null;
  let sequence = 0;
  let previous_hash = GENESIS_HASH;
  let at = '';
  let hasEnded = false;

  function add(line: string): EventLine | undefined {
    const event = readEnvelope(line);
    if (event) judge(event);
    else tally.find('envelope', { stream, event_sequence: sequence + 1, got: line });
    sequence = event?.sequence ?? sequence + 1;
    previous_hash = event?.event_hash ?? hashOfLine(line);
    at = event?.at ?? at;
    hasEnded = event?.type === ENDING;
    return event;
  }

  function judge(event: EventLine): void {
    stream ??= event.stream;
    const found = (check: 'stream' | 'sequence' | 'link' | 'time' | 'ending', expected: string, got: string) =>
      tally.find(check, { stream, event_sequence: event.sequence, expected, got });
    if (event.stream !== stream) found('stream', stream, event.stream);
    if (event.sequence !== sequence + 1) found('sequence', String(sequence + 1), String(event.sequence));
    if (event.previous_hash !== previous_hash) found('link', previous_hash, event.previous_hash);
    if (event.at < at) found('time', `${at} or later`, event.at);
    if (hasEnded) found('ending', `nothing after ${ENDING}`, event.type);
  }

  function moveTo(chainEnd: ChainEnd): void {
    ({ sequence, event_hash: previous_hash, at } = chainEnd);
    hasEnded = false;
  }

  return {
    add,
    stream: () => stream,
    head: () => (sequence === 0 ? null : { event_sequence: sequence, event_hash: previous_hash }),
    hasEnded: () => hasEnded,
    chainEnd: () => (stream === null || hasEnded ? undefined : { stream, sequence, event_hash: previous_hash, at }),
    moveTo,
  };
}
