/** Bytes as hexadecimal digits and back, in a browser as in Node. */

/** @param hex lower-case digits, two for each byte */
export function bytesOfHex(hex: string): Uint8Array {
  const bytes = new Uint8Array(hex.length / 2);
  writeHex(hex, bytes, 0);
  return bytes;
}

/** The bytes of `hex`, written into `bytes` from `offset` on. */
export function writeHex(hex: string, bytes: Uint8Array, offset: number): void {
  const count = hex.length / 2;
  for (let i = 0; i < count; i += 1) {
    bytes[offset + i] = (digitOf(hex.charCodeAt(2 * i)) << 4) | digitOf(hex.charCodeAt(2 * i + 1));
  }
}

const DIGITS = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

export function hexOfBytes(bytes: Uint8Array): string {
  let hex = '';
  for (const byte of bytes) hex += DIGITS[byte];
  return hex;
}

/** Of a lower-case hexadecimal digit: its value. */
function digitOf(code: number): number {
  return code < 0x3a ? code - 0x30 : code - 0x57;
}
