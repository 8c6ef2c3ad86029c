/** What a threat turned out to be, as an admin says it. It may be said again: the last word counts. */
import { z } from 'zod';
import { named } from '../core/definitions/answers.ts';
import type { Queryable } from '../core/sql/queryable.ts';
import { OUTCOMES, type Threat } from './threat.ts';

export const outcomeBody = named('ThreatOutcomeRequest', z.strictObject({ outcome: z.enum(OUTCOMES) }), {
  outcome: 'confirmed' as const,
});
export type Outcome = z.output<typeof outcomeBody>['outcome'];

// The door may not read when one was decided.
const DECIDE = {
  name: 'decide-threat',
  text: `
    with moment as materialized (select date_trunc('milliseconds', clock_timestamp()) as decided_at)
    update threat_predictions p set status = $3, decided_at = moment.decided_at, decided_by = $4 from moment
    where p.id = $1 and p.institution_id is not distinct from $2 returning moment.decided_at`,
};

/** @param db of the door. @param threat that its admin was shown @returns when it was decided; undefined where it is gone */
export async function decideOutcome(
  db: Queryable,
  { id, institution_id }: Pick<Threat, 'id' | 'institution_id'>,
  outcome: Outcome,
  decided_by: string,
): Promise<string | undefined> {
  const values = [id, institution_id, outcome, decided_by];
  return (await db.query<{ decided_at: string }>({ ...DECIDE, values })).rows[0]?.decided_at;
}
