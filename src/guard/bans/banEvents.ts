/**
 * What is recorded of bans. Their names begin with a word that was always kept free, so that no custom event of before has
 * one. Their payloads can be erased: then nothing says whom a ban was about.
 */
import { z } from 'zod';
import { defineEvent } from '../../core/definitions/event.ts';
import { privately, privateText } from '../../core/definitions/privateText.ts';
import { idOf } from '../../core/definitions/stream.ts';
import { insert, update } from '../../core/definitions/write.ts';
import { type Ban, type Bans, guardStream, isOpen, REASONS_FOR, SUBJECTS } from './ban.ts';

const ending = { ban_id: z.string(), until: z.string().nullable(), review: z.boolean() };
const reason = privateText.nullable();

const banned = z.strictObject({
  ...ending,
  subject: z.enum(SUBJECTS),
  /** Null once it is erased. */
  value: privately(z.string().nullable()),
  rule: z.enum(REASONS_FOR),
  reason,
});

const MOST_TRAPPED = 10_000;

export const guardBanned = defineEvent({
  stream: guardStream,
  type: 'SESSION_GUARD_BANNED',
  payload: banned,
  evolve(guard: Bans, { at, payload }) {
    const { ban_id: id, value, reason: _, ...facts } = payload;
    if (value === null) return guard;
    const open = [...guard.open.filter((ban) => isOpen(ban, at)), { ...facts, id, value }];
    const trapped = payload.rule === 'honeypot' ? withTrapped(guard.trapped, value) : guard.trapped;
    return { ...guard, open, trapped };
  },
  project({ stream, actor: banned_by, at, payload: { ban_id: id, ...facts } }) {
    const times = { banned_at: at, changed_at: at, lifted_at: null };
    return [insert('guard_bans', { id }, { owner: idOf(stream), ...facts, ...times, banned_by })];
  },
  erased: (payload) => ({ ...payload, value: null, reason: null }),
});

function withTrapped(trapped: readonly string[], key: string): readonly string[] {
  return trapped.includes(key) ? trapped : [...trapped.slice(1 - MOST_TRAPPED), key];
}

/** An open ban is banned again: it is never repeated. */
export const banExtended = defineEvent({
  stream: guardStream,
  type: 'SESSION_GUARD_BAN_EXTENDED',
  payload: z.strictObject({ ...ending, rule: z.enum(REASONS_FOR), reason }),
  evolve(guard: Bans, { payload: { ban_id, until, review, rule } }) {
    const extended = withBan(guard, ban_id, { until, review, rule });
    const value = guard.open.find(({ id }) => id === ban_id)?.value;
    if (rule !== 'honeypot' || value === undefined) return extended;
    return { ...extended, trapped: withTrapped(guard.trapped, value) };
  },
  project: ({ at: changed_at, payload: { ban_id: id, ...facts } }) => [
    update('guard_bans', { id }, { ...facts, changed_at }),
  ],
  erased: (payload) => ({ ...payload, reason: null }),
});

/** A person has looked at it. */
export const banConfirmed = defineEvent({
  stream: guardStream,
  type: 'SESSION_GUARD_BAN_CONFIRMED',
  payload: z.strictObject({ ...ending, reason }),
  evolve: (guard: Bans, { payload: { ban_id, until, review } }) => withBan(guard, ban_id, { until, review }),
  project: ({ at: changed_at, payload: { ban_id: id, ...facts } }) => [
    update('guard_bans', { id }, { ...facts, changed_at }),
  ],
  erased: (payload) => ({ ...payload, reason: null }),
});

export const banLifted = defineEvent({
  stream: guardStream,
  type: 'SESSION_GUARD_BAN_LIFTED',
  payload: z.strictObject({ ban_id: z.string(), reason }),
  evolve(guard: Bans, { at, payload: { ban_id } }) {
    const lifted = guard.open.find(({ id }) => id === ban_id);
    if (!lifted) return guard;
    const pardoned = { ...guard.pardoned, [lifted.value]: at };
    return { ...guard, open: guard.open.filter(({ id }) => id !== ban_id), pardoned };
  },
  project: ({ at, payload: { ban_id: id, reason } }) => [
    update('guard_bans', { id }, { lifted_at: at, changed_at: at, review: false, reason }),
  ],
  erased: (payload) => ({ ...payload, reason: null }),
});

function withBan(guard: Bans, ban_id: string, changes: Partial<Ban>): Bans {
  return { ...guard, open: guard.open.map((ban) => (ban.id === ban_id ? { ...ban, ...changes } : ban)) };
}
