/** Parts of a line that are looked for as bytes: each function says where the part ends, or -1 where something else stands there. */

const HEX = new Int8Array(256).fill(-1);
for (const [value, digit] of [...'0123456789abcdef'].entries()) HEX[digit.charCodeAt(0)] = value;
/** Of a byte: its two digits as they stand in a text. */
const PAIRS = Uint16Array.from({ length: 256 }, (_, byte) => {
  const [high, low] = byte.toString(16).padStart(2, '0');
  return (high!.charCodeAt(0) << 8) | low!.charCodeAt(0);
});

export function bytesOfText(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export function after(bytes: Uint8Array, at: number, part: Uint8Array): number {
  if (at < 0) return -1;
  for (let i = 0; i < part.length; i += 1) if (bytes[at + i] !== part[i]) return -1;
  return at + part.length;
}

/** Lower-case hexadecimal digits. */
export function afterDigits(bytes: Uint8Array, at: number, count: number): number {
  if (at < 0) return -1;
  let all = 0;
  for (let i = 0; i < count; i += 1) all |= HEX[bytes[at + i]!]!;
  return all < 0 ? -1 : at + count;
}

/** The digits of these 32 bytes. */
export function afterHash(bytes: Uint8Array, at: number, hash: Uint8Array): number {
  if (at < 0) return -1;
  let differs = 0;
  for (let i = 0; i < 32; i += 1) differs |= PAIRS[hash[i]!]! ^ ((bytes[at + 2 * i]! << 8) | bytes[at + 2 * i + 1]!);
  return differs === 0 ? at + 64 : -1;
}

/** Digits of 32 bytes, which are written into `out` from `to` on. */
export function readHash(bytes: Uint8Array, at: number, out: Uint8Array, to: number): number {
  if (at < 0) return -1;
  let all = 0;
  for (let i = 0; i < 32; i += 1) {
    const high = HEX[bytes[at + 2 * i]!]!;
    const low = HEX[bytes[at + 2 * i + 1]!]!;
    all |= high | low;
    out[to + i] = (high << 4) | low;
  }
  return all < 0 ? -1 : at + 64;
}

/** This number, at least 1, as JSON writes it. */
export function afterNumber(bytes: Uint8Array, at: number, number: number): number {
  if (at < 0 || bytes[at] === 0x30) return -1;
  let value = 0;
  let end = at;
  for (let digit = bytes[end]! - 0x30; digit >= 0 && digit <= 9; digit = bytes[end]! - 0x30) {
    value = value * 10 + digit;
    end += 1;
  }
  return value === number ? end : -1;
}

/** As many bytes as are in the set, at least one and at most so many. */
export function afterSome(bytes: Uint8Array, at: number, set: Uint8Array, most: number): number {
  if (at < 0) return -1;
  let end = at;
  while (set[bytes[end]!] === 1) end += 1;
  return end === at || end - at > most ? -1 : end;
}

export function setOf(characters: string): Uint8Array {
  const set = new Uint8Array(256);
  for (const character of characters) set[character.charCodeAt(0)] = 1;
  return set;
}
