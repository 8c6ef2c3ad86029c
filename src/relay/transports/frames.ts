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

/** @param isLet asked once for each frame. @returns what takes the bytes as they come and gives those of the frames let through */
export function createFrames(isLet: (frame: Frame) => boolean): (bytes: Buffer) => Buffer {
  const header = Buffer.alloc(MAX_HEADER_BYTES);
  let headerBytes = 0;
  let payloadLeft = 0;
  let isThrough = false;

  return (bytes) => {
    const through: Buffer[] = [];
    for (let at = 0; at < bytes.length; ) {
      if (payloadLeft > 0) {
        const end = Math.min(bytes.length, at + payloadLeft);
        if (isThrough) through.push(bytes.subarray(at, end));
        payloadLeft -= end - at;
        at = end;
        continue;
      }
      header[headerBytes] = bytes[at]!;
      headerBytes += 1;
      at += 1;
      if (headerBytes < headerLength(header, headerBytes)) continue;
      payloadLeft = payloadLength(header);
      isThrough = isLet({ opcode: header[0]! & 0x0f, length: payloadLeft });
      if (isThrough) through.push(Buffer.from(header.subarray(0, headerBytes)));
      headerBytes = 0;
    }
    return through.length === 0 ? NOTHING : Buffer.concat(through);
  };
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
