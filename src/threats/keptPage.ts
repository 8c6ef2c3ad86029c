/**
 * The first page of threats in the cache: of each institution for its admins, and of all for super_admins. Dropped where a
 * threat is found, found again or decided.
 */
import { z } from 'zod';
import type { Actor } from '../core/definitions/actor.ts';
import { type Page, USUAL_PAGE } from '../core/definitions/page.ts';
import { threatAnswer } from './threat.ts';

const KIND = 'threat_predictions';
/** No institution is called so. */
const OF_ALL = 'all';

/** That there is none is not kept: the first one is seen at once, whatever becomes of the cache. */
const page = z.object({ items: z.array(threatAnswer).min(1), next_cursor: z.string().nullable() });
export type ThreatPage = z.output<typeof page>;

function idOf({ actor, query }: { actor: Actor; query: Page }): string | undefined {
  if (query.cursor !== undefined || query.limit !== USUAL_PAGE) return undefined;
  return actor.role === 'super_admin' ? OF_ALL : (actor.institution_id ?? undefined);
}

export const keptPage = { kind: KIND, schema: page, idOf };

/** As far as it is needed here. */
interface PageCache {
  drop(kind: typeof KIND, id: string): Promise<void>;
}

/** @param owners institutions whose threats are others now; null of what is of none */
export async function dropPages(cache: PageCache, owners: Iterable<string | null>): Promise<void> {
  const ids = new Set([OF_ALL, ...[...owners].filter((owner) => owner !== null)]);
  await Promise.all([...ids].map((id) => cache.drop(KIND, id)));
}
