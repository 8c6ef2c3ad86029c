/**
 * Identifiers are UUIDv7 (RFC 9562). A command's id ends in 0000, and its events count up from there: the record itself
 * says which command an event came from, and the unique key on event ids refuses to apply a command twice.
 * What a command makes bears the command's id.
 */
import { drawRandom } from './random.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
/** Before every other. */
export const NIL_ID = '00000000-0000-0000-0000-000000000000';
const MAX_EVENTS = 0xffff;

/** Is this 8-4-4-4-12 hex? Ours are version 7; other people's need not be. */
export function isUuid(text: string): boolean {
  return UUID.test(text);
}

/** A new command id: UUIDv7 of this millisecond whose last 16 bits are 0. */
export function newCommandId(now: number = Date.now()): string {
  const random = drawRandom(8).toString('hex');
  const variant = (0x8 | (Number.parseInt(random[3]!, 16) & 0x3)).toString(16);
  return `${timeOf(now)}-7${random.slice(0, 3)}-${variant}${random.slice(4, 7)}-${random.slice(8)}0000`;
}

/** What no id of a millisecond, or of a later one, is less than. */
export function firstIdOf(ms: number): string {
  return `${timeOf(Math.floor(ms))}-0000-0000-000000000000`;
}

function timeOf(ms: number): string {
  const time = ms.toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}`;
}

/** The id of the command that an event came from. */
export function commandIdOf(event_id: string): string {
  return `${event_id.slice(0, -4)}0000`;
}

/** The id of a command's n-th event, n from 1. */
export function eventId(command_id: string, n: number): string {
  if (n < 1 || n > MAX_EVENTS) throw new RangeError(`a command records 1 to ${MAX_EVENTS} events, not ${n}`);
  return command_id.slice(0, -4) + n.toString(16).padStart(4, '0');
}
