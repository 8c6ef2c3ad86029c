/** Policies are switched on by an institution; where they are off, every route of theirs is refused. */
import type { Actor } from '../core/definitions/actor.ts';
import { Problem } from '../core/definitions/problem.ts';
import type { Queryable } from '../core/sql/queryable.ts';
import { reject } from './policyProblems.ts';

const IS_ON = { name: 'are-policies-on', text: 'select policies as is_on from institution_settings where id = $1' };

/** To be asked as the sender, of an institution that the sender may see. */
async function refuseOff(db: Queryable, institution_id: string) {
  const { rows } = await db.query<{ is_on: boolean }>({ ...IS_ON, values: [institution_id] });
  if (rows[0]?.is_on) return undefined;
  return reject('feature_disabled', 'The institution has `policies` switched off in its settings.');
}

/** The same for a command about a policy. */
export function refuseWhereOff({ db, input }: { db: Queryable; input: { owner: string } }) {
  return refuseOff(db, input.owner);
}

/** The same for a question. @throws {Problem} 403 */
export async function demandOn(db: Queryable, institution_id: string): Promise<void> {
  const refused = await refuseOff(db, institution_id);
  if (refused) throw new Problem(refused);
}

/** Of the asker's own institution; a super_admin asks about all. @throws {Problem} 403 */
export async function demandOwnOn(db: Queryable, { institution_id }: Actor): Promise<void> {
  if (institution_id !== null) await demandOn(db, institution_id);
}
