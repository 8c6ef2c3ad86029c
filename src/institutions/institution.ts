/** An institution: nothing but what its admins have set for it. Where nothing was set, the defaults hold. */
import { z } from 'zod';
import { at, named, text, uuid } from '../core/definitions/answers.ts';
import type { Lock } from '../core/definitions/defineCommand.ts';
import { EXAMPLE } from '../core/definitions/exampleValues.ts';
import { timeZone } from '../core/definitions/localDay.ts';
import { defineStream, streamName } from '../core/definitions/stream.ts';
import { defineTable } from '../core/definitions/table.ts';
import type { Queryable } from '../core/sql/queryable.ts';

/** What can be set, in the order in which it is shown. */
export const settingsSchema = z.strictObject({
  /** Where its days begin. */
  time_zone: timeZone,
  /** Telemetry, risk and threats. */
  telemetry: z.boolean(),
  policies: z.boolean(),
  auto_terminate: z.boolean(),
  /** Whether thresholds of policies are changed by themselves, where that bears little risk. */
  auto_tune: z.boolean(),
  /** Whether signed-in authors of the gallery are told what the guard did about them. */
  guard_tells: z.boolean(),
  /** Whether signed-in authors of the gallery are shown by name. */
  gallery_names: z.boolean(),
});
export type Settings = z.output<typeof settingsSchema>;

export const DEFAULT_SETTINGS: Settings = {
  ...{ time_zone: 'UTC', telemetry: false, policies: false, auto_terminate: false },
  ...{ auto_tune: false, guard_tells: true, gallery_names: true },
};

export interface Institution extends Settings {
  id: string;
  /** Null where nothing was set yet. */
  changed_at: string | null;
}

const initial = (id: string): Institution => ({ id, ...DEFAULT_SETTINGS, changed_at: null });

export const institutionStream = defineStream<Institution>('institution', { initial });

export const institutionSettings = defineTable({
  name: 'institution_settings',
  stream: 'institution',
  owner: 'id',
  primary_key: ['id'],
  visible: 'to_institution',
  // Policies that are switched off refuse nothing.
  scope: ['id', 'policies', 'time_zone', 'changed_at'],
});

export function theInstitution(id: string): Lock<'institution', Institution> {
  return { kind: 'institution', stream: streamName('institution', id) };
}

export const institutionAnswer = named(
  'InstitutionSettings',
  z.strictObject({
    id: uuid,
    ...settingsSchema.shape,
    time_zone: text,
    /** Null where nothing was set yet. */
    changed_at: at.nullable(),
  }),
  {
    ...{ id: EXAMPLE.institution_id, ...DEFAULT_SETTINGS, time_zone: 'Europe/Berlin' },
    ...{ changed_at: EXAMPLE.now },
  },
);

const SETTINGS = Object.keys(settingsSchema.shape).join(', ');

/** What holds for an institution; the defaults where it is null. To be read as anybody of the institution. */
export async function findInstitution(db: Queryable, id: string | null): Promise<Institution> {
  const text = `select id, ${SETTINGS}, changed_at from institution_settings where id = $1`;
  const { rows } =
    id === null ? { rows: [] } : await db.query<Institution>({ name: 'find-institution', text, values: [id] });
  return rows[0] ?? initial(id ?? '');
}
