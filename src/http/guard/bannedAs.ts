/** Names under which cooldowns and bans are kept beside the record. */
import type { KnownBan } from '../../infra/guard/followBans.ts';

/** A user's are each institution's own; a composite key holds its institution already. */
export function bannedAs(key: string, institution_id: string): string {
  return key.includes('-') ? `${institution_id}:${key}` : key;
}

/** What an admin bans holds in the own institution alone; what a rule blocks, and a super_admin, everywhere. */
export function mirroredAs(
  { owner, subject, value, rule }: Pick<KnownBan, 'owner' | 'subject' | 'value' | 'rule'>,
  installation: string,
): string {
  if (owner === installation) return value;
  if (subject === 'key') return bannedAs(value, owner);
  return isEverywhere({ owner, rule }, installation) ? value : `${owner}:${value}`;
}

/** @param ban of an address */
export function isEverywhere({ owner, rule }: Pick<KnownBan, 'owner' | 'rule'>, installation: string): boolean {
  return rule !== 'person' || owner === installation;
}
