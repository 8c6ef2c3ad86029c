/** Whether a run is asked for still when it is done: the admin and the token are looked at again. */
import { ADMINS } from '../../src/core/definitions/actor.ts';
import type { Queryable } from '../../src/core/sql/queryable.ts';
import type { Feed } from '../../src/feeds/feed.ts';
import type { RunToken } from '../../src/feeds/imports/run.ts';
import type { RunClaim } from './importLedger.ts';

const NOT_ADMIN = 'Who asked for it is no admin of the institution.';
const REVOKED = 'The token with which it was asked for was revoked.';
const ENDED = 'The token with which it was asked for has ended before it was begun.';
const TOO_LATE = 'It has waited for an hour.';

/**
 * Whether it is asked for still: by an admin of the feed's institution, with a token that was not revoked since and has not
 * ended. What is begun is not stopped halfway by a token's end, and by its being revoked it is. What an API of before asked
 * for names the user alone, and is not begun when it has waited for an hour.
 */
export async function endedSince(
  db: Queryable,
  claim: RunClaim,
  { institution_id }: Feed,
): Promise<string | undefined> {
  const { actor, token, asked_at, orders } = claim;
  if (!(ADMINS as readonly string[]).includes(actor.role)) return NOT_ADMIN;
  if (actor.role === 'admin' && actor.institution_id !== institution_id) return NOT_ADMIN;
  const names: RunToken['names'] = token?.names ?? [['sub', actor.id]];
  const claims = names.map(([claimed]) => claimed);
  const values = names.map(([, value]) => value);
  const issued_at = token === null ? Date.parse(asked_at) / 1_000 : token.issued_at;
  const text = `
    select exists (select from unnest($1::text[], $2::text[]) as n (claim, value) join revocations r
        on r.value = n.value and r.claim = n.claim
        and (r.institution_id is null or ($3 = 'admin' and r.institution_id = $4))
        and ($5::float8 is null or r.revoked_at >= to_timestamp($5::float8))) as is_revoked,
      clock_timestamp() > to_timestamp($6::float8) as is_ended,
      $7::timestamptz < clock_timestamp() - interval '1 hour' as is_old`;
  const taken_until = token?.taken_until ?? null;
  const asked = [claims, values, actor.role, actor.institution_id, issued_at, taken_until, asked_at];
  const { rows } = await db.query<{ is_revoked: boolean; is_ended: boolean | null; is_old: boolean }>(text, asked);
  const { is_revoked, is_ended, is_old } = rows[0]!;
  if (is_revoked) return REVOKED;
  if (orders !== null) return undefined;
  if (is_ended) return ENDED;
  return is_old ? TOO_LATE : undefined;
}
