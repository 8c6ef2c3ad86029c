/** Threats are switched on with telemetry, by an institution; where that is off, its admins are refused. */
import type { Actor } from '../core/definitions/actor.ts';
import { Problem } from '../core/definitions/problem.ts';
import type { Queryable } from '../core/sql/queryable.ts';

const IS_ON = { name: 'are-threats-on', text: 'select telemetry as is_on from institution_settings where id = $1' };

/** To be asked as the sender; a super_admin asks about all. @throws {Problem} 403 feature_disabled */
export async function demandThreats(db: Queryable, { role, institution_id }: Actor): Promise<void> {
  if (role === 'super_admin') return;
  const { rows } = await db.query<{ is_on: boolean }>({ ...IS_ON, values: [institution_id] });
  if (!rows[0]?.is_on)
    throw new Problem('feature_disabled', 'Threats are switched off for your institution (setting `telemetry`).');
}
