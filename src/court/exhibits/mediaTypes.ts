/** What an exhibit's file may be, told by its first bytes: what its sender calls it proves nothing. */

/** [media type, ending of a file's name, the bytes it begins with] */
const KNOWN = [
  ['application/pdf', 'pdf', '%PDF-'],
  ['image/png', 'png', '\x89PNG\r\n\x1a\n'],
  ['image/jpeg', 'jpg', '\xff\xd8\xff'],
] as const;

export type MediaType = (typeof KNOWN)[number][0];
export const MEDIA_TYPES = KNOWN.map(([type]) => type) as [MediaType, ...MediaType[]];

export function mediaTypeOf(head: Uint8Array): MediaType | undefined {
  const text = Buffer.from(head).toString('latin1');
  return KNOWN.find(([, , magic]) => text.startsWith(magic))?.[0];
}

export function isImage(type: MediaType): boolean {
  return type !== 'application/pdf';
}

export function endingOf(type: MediaType): string {
  return KNOWN.find(([known]) => known === type)![1];
}
