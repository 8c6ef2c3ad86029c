/**
 * Messages as they are sent: the JSON, and the ready bytes for each transport, made when the first socket needs them and
 * shared by all. A batch is what one write takes.
 */
import type { EventMessage, Message } from './messages.ts';

/** Of socket.io: each kind of room has its own. */
export const NAMESPACES = ['/live', '/gallery', '/feeds', '/console'] as const;
export type Namespace = (typeof NAMESPACES)[number];

/** How a transport frames a message: of socket.io by the namespace. */
export type Format = 'websocket' | 'sse' | Namespace;

/** Bytes by format, as far as they were needed. */
type Bytes = { [format in Format]?: Buffer };

export interface Prepared extends Bytes {
  readonly type: string;
  readonly text: string;
}

/** Not for everybody: a person who alone is told, or alone is not. */
export interface Addressed {
  readonly only?: string;
  readonly except?: string;
}

export interface PreparedEvent extends Prepared, Addressed {
  /** Of an event that listeners are told nothing of it is empty. */
  readonly text: string;
  readonly event_sequence: number;
  readonly event_hash: string;
  /** When this process had it, by the monotonic clock. */
  readonly heard_at: number;
}

export interface Batch extends Bytes {
  readonly messages: readonly Prepared[];
}

export interface EventBatch extends Batch {
  /** The sequence before its first event, and that of its last. */
  readonly after: number;
  readonly to: number;
  /** Not all of it is for everybody. */
  readonly isAddressed?: true;
}

/** One write takes no more than this: what a slow socket holds of ours. */
const BATCH = { events: 16, size: 65_536 };
const TEXT_FRAME = 0x81;

export function prepare(message: Message): Prepared {
  return { type: message.type, text: JSON.stringify(message) };
}

export function prepareEvent(event: EventMessage): PreparedEvent {
  const { event_sequence, event_hash } = event;
  return { type: 'EVENT', text: JSON.stringify(event), event_sequence, event_hash, heard_at: performance.now() };
}

/**
 * @param at the event with this sequence, if there is one
 * @param upTo the last that is wanted
 */
export function batchEvents(
  at: (sequence: number) => PreparedEvent | undefined,
  after: number,
  upTo: number,
): EventBatch | undefined {
  const messages: PreparedEvent[] = [];
  let size = 0;
  let to = after;
  for (let next = at(to + 1); next; next = at(to + 1)) {
    const isFull = to - after === BATCH.events || (to > after && size + next.text.length > BATCH.size);
    if (isFull || next.event_sequence > upTo) break;
    to += 1;
    if (next.text !== '') messages.push(next);
    size += next.text.length;
  }
  if (to === after) return undefined;
  return { messages, after, to, ...(messages.some(isAddressed) && { isAddressed: true }) };
}

function isAddressed({ only, except }: Addressed): boolean {
  return only !== undefined || except !== undefined;
}

/** What of the batch is for this person: most often all of it, in the bytes that all share. */
export function batchFor<B extends Batch & { isAddressed?: true }>(batch: B, person: string): Batch {
  if (!batch.isAddressed) return batch;
  const isFor = ({ only, except }: Addressed) => (only === undefined || only === person) && except !== person;
  return { messages: batch.messages.filter((message) => isFor(message as Addressed)) };
}

/** All of a batch in one piece. */
export function bytesOf(batch: Batch, format: Format): Buffer {
  batch[format] ??=
    batch.messages.length === 1
      ? framed(batch.messages[0]!, format)
      : Buffer.concat(batch.messages.map((message) => framed(message, format)));
  return batch[format];
}

function framed(message: Prepared, format: Format): Buffer {
  message[format] ??= frame(message, format);
  return message[format];
}

function frame(message: Prepared, format: Format): Buffer {
  if (format === 'websocket') return textFrame(message.text);
  return format === 'sse' ? Buffer.from(sseBlock(message)) : textFrame(`4${packetOf(message, format)}`);
}

/** As engine.io takes it from socket.io. */
export function packetOf({ type, text }: Prepared, namespace: Namespace): string {
  return `2${namespace},["${type}",${text}]`;
}

function sseBlock(message: Prepared): string {
  const id = 'event_sequence' in message ? `id: ${message.event_sequence}\n` : '';
  // A browser comes back when it is told to.
  const retry = message.type === 'DRAIN' ? `retry: ${JSON.parse(message.text).reconnect_in_ms}\n` : '';
  return `${id}${retry}event: ${message.type}\ndata: ${message.text}\n\n`;
}

/** A whole text message of a server, unmasked (RFC 6455, 5.2). */
export function textFrame(text: string): Buffer {
  const length = Buffer.byteLength(text);
  const begin = length < 126 ? 2 : length < 65_536 ? 4 : 10;
  const bytes = Buffer.allocUnsafe(begin + length);
  bytes[0] = TEXT_FRAME;
  if (begin === 2) bytes[1] = length;
  else if (begin === 4) {
    bytes[1] = 126;
    bytes.writeUInt16BE(length, 2);
  } else {
    bytes[1] = 127;
    bytes.writeUInt32BE(Math.floor(length / 2 ** 32), 2);
    bytes.writeUInt32BE(length >>> 0, 6);
  }
  bytes.write(text, begin);
  return bytes;
}
