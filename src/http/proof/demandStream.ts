/**
 * A stream's events and their proofs are for those in whose scope it is. Of galleries these are the hosts, while they may see
 * them, and of bans, policies and audit trails the admins.
 */
import { auditStream } from '../../audit/entry.ts';
import { isUuid } from '../../core/chain/ids.ts';
import type { Actor } from '../../core/definitions/actor.ts';
import { Problem } from '../../core/definitions/problem.ts';
import { idOf, kindOf } from '../../core/definitions/stream.ts';
import { galleryStream } from '../../gallery/gallery.ts';
import { findHall } from '../../gallery/hall.ts';
import { mayKnowEvents } from '../../gallery/refusals.ts';
import { guardStream } from '../../guard/bans/ban.ts';
import { ownerOf, policyStream } from '../../policies/policy.ts';
import type { ApiContext } from '../door/door.ts';

type Asked = Pick<ApiContext, 'scopes' | 'reading'>;

/** @throws {Problem} 404 */
export async function demandStream({ scopes, reading }: Asked, stream: string, actor: Actor): Promise<void> {
  const [kind, id] = [kindOf(stream), idOf(stream)];
  const isShownTo = OF_THEIR_OWN[kind];
  if (!isShownTo) await scopes.demand({ kind, id }, actor);
  else if (!isUuid(id) || !(await isShownTo(reading, id, actor))) throw new Problem('not_found');
}

/** Kinds that are in the scope of no match. */
const OF_THEIR_OWN: Record<string, (reading: Asked['reading'], id: string, actor: Actor) => Promise<boolean>> = {
  [galleryStream.kind]: isHostIn,
  [guardStream.kind]: async (_, id, actor) => isAdminOf(id, actor),
  [auditStream.kind]: async (_, id, actor) => isAdminOf(id, actor),
  [policyStream.kind]: async (reading, policy_id, actor) => {
    const owner = await reading.inScope(actor, null, (db) => ownerOf({ db, input: { policy_id } }));
    return owner !== undefined && isAdminOf(owner, actor);
  },
};

/** @param owner an institution, or the installation, whose bans and trail are for a super_admin */
function isAdminOf(owner: string, { role, institution_id }: Actor): boolean {
  return role === 'super_admin' || (role === 'admin' && institution_id === owner);
}

async function isHostIn(reading: Asked['reading'], session_id: string, actor: Actor): Promise<boolean> {
  const hall = await reading.inScope(actor, null, (db) => findHall(db, session_id, actor));
  return hall !== undefined && mayKnowEvents(hall, actor);
}
