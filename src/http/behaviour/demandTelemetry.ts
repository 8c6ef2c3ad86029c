/** What every request about telemetry passes after the door: it is switched on for the sender's institution. A super_admin has none, whatever the token names. */
import { type Actor, homeOf } from '../../core/definitions/actor.ts';
import { Problem } from '../../core/definitions/problem.ts';
import type { Queryable } from '../../core/sql/queryable.ts';
import { findInstitution } from '../../institutions/institution.ts';
import type { ApiContext } from '../door/door.ts';

type Read<T> = (db: Queryable, institution_id: string) => Promise<T>;

/** Reads as the sender what is needed besides, in the same transaction. @throws {Problem} 403 feature_disabled */
export async function demandTelemetry<T>(
  { reading }: Pick<ApiContext, 'reading'>,
  actor: Actor,
  read: Read<T>,
): Promise<{ institution_id: string; found: T }> {
  const institution_id = homeOf(actor);
  if (institution_id === null) throw switchedOff();
  const [{ telemetry }, found] = await reading.inScope(actor, null, (db) =>
    Promise.all([findInstitution(db, institution_id), read(db, institution_id)]),
  );
  if (!telemetry) throw switchedOff();
  return { institution_id, found };
}

function switchedOff(): Problem {
  return new Problem('feature_disabled', 'Telemetry is switched off for your institution (setting `telemetry`).');
}
