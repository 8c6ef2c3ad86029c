/**
 * A notice: a line for one person, for the admins of an institution, or for those of the installation. It is no part of the
 * record: it says what the record, or a job, has told already, and goes after a month.
 */
import { z } from 'zod';
import type { Actor } from '../core/definitions/actor.ts';
import { at, listOf, named, text, uuid } from '../core/definitions/answers.ts';
import { EXAMPLE } from '../core/definitions/exampleValues.ts';

/** Those that a person may switch off, each by the flag of its name. */
export const FLAGS = ['start', 'ruling', 'result', 'room', 'device'] as const;
export type Flag = (typeof FLAGS)[number];

export const KINDS = [...FLAGS, 'notice'] as const;
export type NoticeKind = (typeof KINDS)[number];

export const KEPT_DAYS = 30;
/** Of one audience: the oldest go. */
export const MOST_KEPT = 500;

/** Admins are told as what they are, and not one by one: `null` are those of the installation. */
export type Audience = { user_id: string } | { admins: string | null };

/** As the table names it. */
export function audienceName(audience: Audience): string {
  if ('user_id' in audience) return `user:${audience.user_id}`;
  return audience.admins === null ? 'super_admins' : `admins:${audience.admins}`;
}

/** Those that a person belongs to. */
export function audiencesOf({ id, role, institution_id }: Actor): string[] {
  const own = [audienceName({ user_id: id })];
  if (role === 'super_admin') return [...own, audienceName({ admins: null })];
  return role === 'admin' && institution_id !== null ? [...own, audienceName({ admins: institution_id })] : own;
}

export const noticeItem = named(
  'Notification',
  z.strictObject({ id: uuid, kind: z.enum(KINDS), text, created_at: at, read_at: at.nullable() }),
  {
    ...{ id: EXAMPLE.command_id, kind: 'start', text: 'Harbour v. Atlas has begun in Hall B.' },
    ...{ created_at: EXAMPLE.now, read_at: null },
  },
);
export type NoticeItem = z.output<typeof noticeItem>;

export const noticeList = listOf('NotificationList', noticeItem);
