/** What a person wants to be told of, and when not at once. It stands outside every chain. */
import { z } from 'zod';
import { at, named, uuid } from '../core/definitions/answers.ts';
import { EXAMPLE } from '../core/definitions/exampleValues.ts';
import type { Queryable } from '../core/sql/queryable.ts';

const hour = z.int().min(0).max(23);

/** From the first hour up to the second, in the time zone of the person's institution. Over midnight, too. */
const quietHours = z
  .strictObject({ from: hour, to: hour })
  .refine(({ from, to }) => from !== to, 'from and to must differ');

export const preferencesSchema = z.strictObject({
  ...{ start: z.boolean(), ruling: z.boolean(), result: z.boolean(), room: z.boolean(), device: z.boolean() },
  /** What comes then is stored, and not pushed. */
  quiet_hours: quietHours.nullable(),
});
export type Preferences = z.output<typeof preferencesSchema>;

const DEFAULT_PREFERENCES: Preferences = {
  ...{ start: true, ruling: true, result: true, room: true, device: true },
  quiet_hours: null,
};

export const preferencesAnswer = named(
  'NotificationPreferences',
  z.strictObject({
    /** Of the person. */
    id: uuid,
    ...preferencesSchema.shape,
    /** Null where nothing was set yet. */
    changed_at: at.nullable(),
  }),
  {
    ...{ id: EXAMPLE.user_id, ...DEFAULT_PREFERENCES, quiet_hours: { from: 22, to: 7 } },
    changed_at: EXAMPLE.now,
  },
);
export type PreferencesAnswer = z.output<typeof preferencesAnswer>;

type Row = Omit<Preferences, 'quiet_hours'> & {
  user_id: string;
  quiet_from: number | null;
  quiet_to: number | null;
  changed_at: string;
};

const READ = `
  select user_id, start, ruling, result, room, device, quiet_from, quiet_to, changed_at
  from notice_preferences where user_id = any($1)`;

/** Of those of these people who have set any. */
export async function readPreferences(
  db: Queryable,
  user_ids: readonly string[],
): Promise<Map<string, PreferencesAnswer>> {
  const { rows } = await db.query<Row>({ name: 'read-notice-preferences', text: READ, values: [user_ids] });
  return new Map(rows.map((row) => [row.user_id, answerOf(row)]));
}

function answerOf({ user_id: id, quiet_from: from, quiet_to: to, changed_at, ...flags }: Row): PreferencesAnswer {
  return { id, ...flags, quiet_hours: from === null || to === null ? null : { from, to }, changed_at };
}

export function unsetPreferences(id: string): PreferencesAnswer {
  return { id, ...DEFAULT_PREFERENCES, changed_at: null };
}

/** Is it quiet then for whoever has set these hours? @param zone of the person's institution */
export function isQuiet(hours: Preferences['quiet_hours'], zone: string, at: Date): boolean {
  if (hours === null) return false;
  const { from, to } = hours;
  const format = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', hourCycle: 'h23', timeZone: zone });
  const now = Number(format.format(at));
  return from < to ? now >= from && now < to : now >= from || now < to;
}
