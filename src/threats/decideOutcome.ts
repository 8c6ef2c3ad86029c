/** What a threat turned out to be, as an admin says it. It may be said again: the last word counts. */
import { z } from 'zod';
import { named } from '../core/definitions/answers.ts';
import type { Queryable } from '../core/sql/queryable.ts';
import { OUTCOMES, type Threat } from './threat.ts';

export const outcomeBody = named('ThreatOutcomeRequest', z.strictObject({ outcome: z.enum(OUTCOMES) }), {
  outcome: 'confirmed' as const,
});
export type Outcome = z.output<typeof outcomeBody>['outcome'];

const DECIDE = {
  name: 'decide-threat',
  text: `
    update threat_predictions
    set status = $3, decided_at = date_trunc('milliseconds', clock_timestamp()), decided_by = $4
    where id = $1 and institution_id is not distinct from $2`,
};

/** @param db of the door. @param threat that its admin was shown */
export async function decideOutcome(
  db: Queryable,
  { id, institution_id }: Pick<Threat, 'id' | 'institution_id'>,
  outcome: Outcome,
  decided_by: string,
): Promise<void> {
  await db.query({ ...DECIDE, values: [id, institution_id, outcome, decided_by] });
}
