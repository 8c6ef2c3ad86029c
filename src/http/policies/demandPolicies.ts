/** What policies say of a command before it is accepted. A repetition is not refused: its answer is what became of the first. */
import type { Submission } from '../../core/apply/inbox.ts';
import type { ApiContext } from '../door/door.ts';
import { type Knocking, refusedIn } from './policyDoor.ts';
import type { Decided } from './storeDecisions.ts';

/** @returns what is to be noted once the command is accepted. @throws {Problem} 403 step_up_required */
export async function demandPolicies(
  { policies, acceptor }: Pick<ApiContext, 'policies' | 'acceptor'>,
  knocking: Knocking,
  idempotency: Submission['idempotency'],
): Promise<Decided | undefined> {
  const decided = await policies.judge(knocking);
  const refused = decided && refusedIn(decided);
  if (!refused) return decided;
  if (idempotency && (await acceptor.findFingerprint(idempotency)) !== undefined) return undefined;
  policies.note({ ...decided, is_accepted: false });
  throw await policies.problemOf(refused, { ...knocking, actor: knocking.actor! });
}
