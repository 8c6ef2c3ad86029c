/**
 * Events and payloads that are just what they should be are told by their bytes alone, in a fifth of the time of reading them as
 * text. Nothing is found here: whatever has any other form, or does not follow, is left to the reader of text, which says what it is.
 */
import { hexOfBytes } from '../core/chain/hex.ts';
import { type ChainEnd, type EventLine, readEnvelope } from './envelopes.ts';
import type { Lines } from './lines.ts';
import { count, type Tally } from './report.ts';
import { startSoundEnvelopes } from './soundEnvelope.ts';
import { readSoundPayload, soundPayloadText } from './soundPayload.ts';

const ascii = new TextDecoder('latin1');

export interface SoundEvents {
  /**
   * Takes lines at hand, as long as event and payload are sound. @returns how many, at most `most`
   * @param told of each of them what it says
   */
  take(from: ChainEnd, most: number, told?: (event: EventLine, payload: string) => void): number;
  /** Behind what was taken. */
  chainEnd(): ChainEnd;
}

/** @param addLeaf is told of the hash of each event, 32 bytes that the next one overwrites */
export function startSoundEvents(
  events: Lines,
  payloads: Lines,
  addLeaf: (event_hash: Uint8Array) => void,
  tally: Tally,
): SoundEvents {
  const envelope = startSoundEnvelopes();
  const commitment = new Uint8Array(32);

  function take(from: ChainEnd, most: number, told?: (event: EventLine, payload: string) => void): number {
    const [bytes, end] = [events.bytes(), events.end()];
    const [own, ownEnd] = [payloads.bytes(), payloads.end()];
    let at = events.at();
    let ownAt = payloads.at();
    let taken = 0;
    if (at < end && ownAt < ownEnd) envelope.goOnFrom(from);
    while (taken < most && at < end && ownAt < ownEnd) {
      const behindOwn = readSoundPayload(own, ownAt, envelope.sequence() + 1, commitment);
      const behind = behindOwn < 0 ? -1 : envelope.read(bytes, at, commitment);
      if (behind < 0) break;
      envelope.hash(bytes, at, behind);
      addLeaf(envelope.event_hash);
      if (told) told(eventOf(bytes.subarray(at, behind)), soundPayloadText());
      at = behind + 1;
      ownAt = behindOwn + 1;
      taken += 1;
    }
    events.moveTo(at);
    payloads.moveTo(ownAt);
    if (taken > 0) count(tally, 'payloads', taken);
    return taken;
  }

  /** What was found sound is in the form that is read as text, too. */
  function eventOf(line: Uint8Array): EventLine {
    return readEnvelope(ascii.decode(line), hexOfBytes(envelope.event_hash))!;
  }

  return { take, chainEnd: envelope.chainEnd };
}
