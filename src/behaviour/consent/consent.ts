/**
 * Consent to telemetry, of a person in an institution. The person says so, or an admin writes down what a guardian said; a
 * refusal of either is a refusal. What was taken before a refusal is erased.
 */
import { z } from 'zod';
import { at, named, text } from '../../core/definitions/answers.ts';
import { EXAMPLE } from '../../core/definitions/exampleValues.ts';
import { privately } from '../../core/definitions/privateText.ts';
import { id, line } from '../../core/definitions/schemas.ts';
import type { Queryable } from '../../core/sql/queryable.ts';

const ERASED_WITHIN_HOURS = 24;

export const consentBody = named(
  'TelemetryConsentRequest',
  z.strictObject({
    given: z.boolean(),
    /** Of an admin alone: for whom a guardian decided, and what the guardian is called. */
    guardian: z.strictObject({ user_id: id, name: privately(line) }).exactOptional(),
  }),
  { given: true },
);

export const consentAnswer = named(
  'TelemetryConsent',
  z.strictObject({
    /** Whether telemetry is taken: not where either of the two refused. */
    given: z.boolean(),
    /** Null where the person has not decided; the same of a guardian. */
    own: z.boolean().nullable(),
    guardian: z.boolean().nullable(),
    /** Of the guardian that an admin wrote down. */
    guardian_name: text.nullable(),
    decided_at: at,
    /** What was taken before is erased by then; null where nothing was refused. */
    erased_by: at.nullable(),
  }),
  {
    ...{ given: true, own: true, guardian: null, guardian_name: null },
    ...{ decided_at: EXAMPLE.now, erased_by: null },
  },
);
export type Consent = z.output<typeof consentAnswer>;

export interface Whose {
  institution_id: string;
  user_id: string;
}

const SHOWN = `given, own, guardian, guardian_name, decided_at,
  case when not given then withdrawn_at + interval '${ERASED_WITHIN_HOURS} hours' end as erased_by`;

const decide = (column: 'own' | 'guardian') => `
  insert into telemetry_consents (institution_id, user_id, ${column}, guardian_name, decided_by, decided_at, withdrawn_at)
  values ($1, $2, $3, $4, $5, clock_timestamp(), case when not $3 then clock_timestamp() end)
  on conflict (institution_id, user_id) do update set ${column} = excluded.${column},
    guardian_name = coalesce(excluded.guardian_name, telemetry_consents.guardian_name), decided_by = excluded.decided_by,
    decided_at = clock_timestamp(),
    withdrawn_at = case when not excluded.${column} then clock_timestamp() else telemetry_consents.withdrawn_at end
  returning ${SHOWN}`;

/** The person's own decision. @param db of the door */
export async function decideOwn(db: Queryable, { institution_id, user_id }: Whose, given: boolean): Promise<Consent> {
  const values = [institution_id, user_id, given, null, user_id];
  return (await db.query<Consent>({ name: 'decide-own-consent', text: decide('own'), values })).rows[0]!;
}

/** A guardian's, as an admin writes it down. @param db of the door */
export async function decideAsGuardian(
  db: Queryable,
  { institution_id, user_id }: Whose,
  given: boolean,
  { name, decided_by }: { name: string; decided_by: string },
): Promise<Consent> {
  const values = [institution_id, user_id, given, name, decided_by];
  return (await db.query<Consent>({ name: 'decide-consent-as-guardian', text: decide('guardian'), values })).rows[0]!;
}

/** Read as somebody whom it concerns. */
export async function hasConsent(db: Queryable, { institution_id, user_id }: Whose): Promise<boolean> {
  const text = 'select given from telemetry_consents where institution_id = $1 and user_id = $2';
  const { rows } = await db.query<{ given: boolean }>({ name: 'has-consent', text, values: [institution_id, user_id] });
  return rows[0]?.given ?? false;
}
