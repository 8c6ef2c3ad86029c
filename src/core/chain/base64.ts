/** Bytes in base 64 (RFC 4648, section 4) and back, in a browser as in Node. */

export function base64OfBytes(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

/** @returns undefined for anything but the one way to write these bytes: `atob` alone lets spaces and spare bits pass */
export function bytesOfBase64(base64: string): Uint8Array | undefined {
  let text: string;
  try {
    text = atob(base64);
  } catch {
    return undefined;
  }
  if (btoa(text) !== base64) return undefined;
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}
