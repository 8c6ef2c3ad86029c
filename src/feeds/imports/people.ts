/** People of a site, and the user that each of them is here. */
import { sha256 } from '../../core/chain/sha256.ts';
import type { Queryable } from '../../core/sql/queryable.ts';
import type { Round } from '../providers/provider.ts';

export interface SeenPerson {
  provider_id: string;
  kind: 'speaker' | 'adjudicator';
  name: string | null;
}

/**
 * The user that a person is here, who was never linked: the same whenever it is asked. UUID of version 8 (RFC 9562), made of
 * the feed's id, which nobody can choose.
 */
export function userIdOf(feed_id: string, provider_id: string): string {
  const hex = sha256(`${feed_id} ${provider_id}`);
  const variant = (0x8 | (Number.parseInt(hex[16]!, 16) & 0x3)).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** Everybody who stands in these rounds, once. */
export function peopleOf(rounds: readonly Round[]): SeenPerson[] {
  const seen = new Map<string, SeenPerson>();
  for (const { teams, panel } of rounds.flatMap(({ debates }) => debates)) {
    for (const { id, name } of teams.flatMap(({ speakers }) => speakers)) {
      seen.set(id, { provider_id: id, kind: 'speaker', name });
    }
    for (const { id, name } of panel) seen.set(id, { provider_id: id, kind: 'adjudicator', name });
  }
  return [...seen.values()];
}

/** Those whom an admin has linked to somebody else than they would be. */
export async function readUsers(db: Queryable, feed_id: string): Promise<(provider_id: string) => string> {
  const text = 'select provider_id, user_id from feed_people where feed_id = $1 and is_linked';
  const { rows } = await db.query<{ provider_id: string; user_id: string }>(text, [feed_id]);
  const linked = new Map(rows.map((row) => [row.provider_id, row.user_id]));
  return (provider_id) => linked.get(provider_id) ?? userIdOf(feed_id, provider_id);
}

/** A link stays, and what a person is called follows the site. */
export async function storePeople(db: Queryable, feed_id: string, people: readonly SeenPerson[]): Promise<void> {
  const rows = people.map((one) => ({ ...one, user_id: userIdOf(feed_id, one.provider_id) }));
  await db.query(
    `insert into feed_people (feed_id, provider_id, kind, name, user_id)
     select $1, provider_id, kind, name, user_id
     from json_to_recordset($2) as r (provider_id text, kind text, name text, user_id uuid)
     on conflict (feed_id, provider_id) do update
     set kind = excluded.kind, name = coalesce(excluded.name, feed_people.name), seen_at = clock_timestamp()`,
    [feed_id, JSON.stringify(rows)],
  );
}
