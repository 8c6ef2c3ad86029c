/**
 * The frames in a WebSocket's bytes (RFC 6455, 5.2), told by their headers alone, before anything is parsed. Whole
 * frames are let through or left out, so that what comes through is again a stream of frames.
 */
export interface Frame {
  opcode: number;
  /** Of its payload. */
  length: number;
}

export const OPCODE = { continuation: 0x0, close: 0x8 } as const;

const MAX_HEADER_BYTES = 14;
const NOTHING = Buffer.alloc(0);

export class Frames {
  /** Asked once for each frame. */
  readonly #isLet: (frame: Frame) => boolean;
  /** Of the frame that comes, until it is whole. */
  #header: Buffer | undefined;
  #headerBytes = 0;
  #payloadLeft = 0;
  #isThrough = false;

  constructor(isLet: (frame: Frame) => boolean) {
    this.#isLet = isLet;
  }

  /** @param bytes as they come. @returns those of the frames let through */
  filter(bytes: Buffer): Buffer {
    const through: Buffer[] = [];
    for (let at = 0; at < bytes.length; ) {
      if (this.#payloadLeft > 0) {
        const end = Math.min(bytes.length, at + this.#payloadLeft);
        if (this.#isThrough) through.push(bytes.subarray(at, end));
        this.#payloadLeft -= end - at;
        at = end;
      } else {
        const header = this.#takeHeaderByte(bytes[at]!);
        if (header && this.#isThrough) through.push(header);
        at += 1;
      }
    }
    return through.length === 0 ? NOTHING : Buffer.concat(through);
  }

  /** @returns the header where it is whole */
  #takeHeaderByte(byte: number): Buffer | undefined {
    this.#header ??= Buffer.alloc(MAX_HEADER_BYTES);
    const header = this.#header;
    header[this.#headerBytes] = byte;
    this.#headerBytes += 1;
    if (this.#headerBytes < headerLength(header, this.#headerBytes)) return undefined;
    const whole = header.subarray(0, this.#headerBytes);
    this.#headerBytes = 0;
    this.#payloadLeft = payloadLength(header);
    this.#isThrough = this.#isLet({ opcode: header[0]! & 0x0f, length: this.#payloadLeft });
    // One that is given away is not written to again; one that is left out serves the next of a flood.
    if (this.#isThrough) this.#header = undefined;
    return whole;
  }
}

/** @param known how many bytes of it there are */
function headerLength(header: Buffer, known: number): number {
  if (known < 2) return 2;
  const mask = header[1]! & 0x80 ? 4 : 0;
  const short = header[1]! & 0x7f;
  return 2 + mask + (short === 126 ? 2 : short === 127 ? 8 : 0);
}

function payloadLength(header: Buffer): number {
  const short = header[1]! & 0x7f;
  if (short === 126) return header.readUInt16BE(2);
  return short === 127 ? Number(header.readBigUInt64BE(2)) : short;
}
