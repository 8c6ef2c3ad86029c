/** The id of a match of a feed: the same whenever it is made, so that a database that was restored gives a match the id that it had. */
import { sha256 } from '../../core/chain/sha256.ts';

/** UUIDv8 (RFC 9562) of what a provider calls it when it is first seen. */
export function matchIdOf(feed_id: string, provider_id: string): string {
  const hex = sha256(`match ${feed_id} ${provider_id}`);
  const variant = (0x8 | (Number.parseInt(hex[16]!, 16) & 0x3)).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
