/** FNV-1a over the whole key, folded: keys are ids, of which any part may be the same for all. */

/** @returns which of so many places a key always has */
export function placeOf(key: string, places: number): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < key.length; i += 1) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  // Its lowest bit is but the parity of all of them; the upper half is mixed.
  return ((hash ^ (hash >>> 16)) >>> 0) % places;
}
