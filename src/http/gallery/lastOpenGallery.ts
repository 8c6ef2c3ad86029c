/** The gallery that is meant where a request names none: of the public sessions with an open one, that which began last. */
import { Problem } from '../../core/definitions/problem.ts';
import { findOpenGallery } from '../../gallery/openGalleries.ts';
import type { ApiContext } from '../door/door.ts';

const ANYBODY = { id: '', role: 'anonymous', institution_id: null } as const;

/** @throws {Problem} 404 where there is none */
export async function demandLastOpenGallery({ reading }: Pick<ApiContext, 'reading'>): Promise<string> {
  const session_id = await reading.inScope(ANYBODY, null, findOpenGallery);
  if (session_id === undefined) throw new Problem('not_found', 'No public session has an open gallery.');
  return session_id;
}
