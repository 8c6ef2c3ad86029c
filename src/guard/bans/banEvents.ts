/**
 * What is recorded of bans. Their names begin with a word that was always kept free, so that no custom event of before has
 * one. Their payloads are erased some time after the ban has ended (eraseBans.ts): then nothing says whom it was about.
 */
import { z } from 'zod';
import { commandIdOf } from '../../core/chain/ids.ts';
import { defineEvent } from '../../core/definitions/event.ts';
import { privately, privateText } from '../../core/definitions/privateText.ts';
import { idOf } from '../../core/definitions/stream.ts';
import { insert, update } from '../../core/definitions/write.ts';
import { type Ban, type Bans, guardStream, isOpen, REASONS_FOR, SUBJECTS, withTrapped } from './ban.ts';

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

type Banned = z.output<typeof banned>;

/** The row of a ban of which nothing is said any more, until the event that erased it says what is left. */
const NOTHING_SAID = { subject: 'key', value: null, rule: 'person', until: null, review: false, reason: null } as const;

export const guardBanned = defineEvent({
  stream: guardStream,
  type: 'SESSION_GUARD_BANNED',
  payload: banned,
  evolve(guard: Bans, { at, sequence, payload }) {
    const { ban_id: id, value, reason: _, ...facts } = payload;
    if (isErased(payload) || value === null) return guard;
    const open = [...guard.open.filter((ban) => isOpen(ban, at)), { ...facts, id, value, events: [sequence] }];
    const trapped = payload.rule === 'honeypot' ? withTrapped(guard.trapped, value, id) : guard.trapped;
    return { ...guard, open, trapped };
  },
  project({ id: event_id, stream, sequence, actor: banned_by, at, payload }) {
    // The ban bears the id of the command that made it.
    // Once it is erased the ban is known by the command that made it.
    const { ban_id: id = commandIdOf(event_id), ...facts }: Partial<Banned> = { ...NOTHING_SAID, ...payload };
    const times = { banned_at: at, changed_at: at, lifted_at: null };
    return [insert('guard_bans', { id }, { owner: idOf(stream), ...facts, ...times, banned_by, events: [sequence] })];
  },
  erased: (payload) => ({ ...payload, value: null, reason: null }),
});

/** Of a payload that was kept for its time nothing is left. */
function isErased({ ban_id }: { ban_id?: string }): boolean {
  return ban_id === undefined;
}

/** An open ban is banned again: it is never repeated. */
export const banExtended = defineEvent({
  stream: guardStream,
  type: 'SESSION_GUARD_BAN_EXTENDED',
  payload: z.strictObject({ ...ending, rule: z.enum(REASONS_FOR), reason }),
  evolve(guard: Bans, { sequence, payload: { ban_id, until, review, rule } }) {
    const extended = withBan(guard, ban_id, sequence, { until, review, rule });
    const value = guard.open.find(({ id }) => id === ban_id)?.value;
    if (rule !== 'honeypot' || value === undefined) return extended;
    return { ...extended, trapped: withTrapped(guard.trapped, value, ban_id) };
  },
  project: ({ at, payload }, guard) => changed(at, payload, guard),
  erased: (payload) => ({ ...payload, reason: null }),
});

/** A person has looked at it. */
export const banConfirmed = defineEvent({
  stream: guardStream,
  type: 'SESSION_GUARD_BAN_CONFIRMED',
  payload: z.strictObject({ ...ending, reason }),
  evolve: (guard: Bans, { sequence, payload: { ban_id, until, review } }) =>
    withBan(guard, ban_id, sequence, { until, review }),
  project: ({ at, payload }, guard) => changed(at, payload, guard),
  erased: (payload) => ({ ...payload, reason: null }),
});

type Ending = z.output<z.ZodObject<typeof ending>> & { reason: string | null; rule?: string };

function changed(changed_at: string, payload: Ending, { open }: Bans) {
  if (isErased(payload)) return [];
  const { ban_id: id, ...facts } = payload;
  const events = open.find((ban) => ban.id === id)?.events ?? null;
  return [update('guard_bans', { id }, { ...facts, changed_at, events })];
}

export const banLifted = defineEvent({
  stream: guardStream,
  type: 'SESSION_GUARD_BAN_LIFTED',
  payload: z.strictObject({ ban_id: z.string(), reason }),
  evolve(guard: Bans, { at, sequence, payload: { ban_id } }) {
    const lifted = guard.open.find(({ id }) => id === ban_id);
    if (!lifted) return guard;
    const pardon = { ban_id, at, events: [...lifted.events, sequence] };
    const pardoned = { ...guard.pardoned, [lifted.value]: pardon };
    return { ...guard, open: guard.open.filter(({ id }) => id !== ban_id), pardoned };
  },
  project({ at, payload }, { pardoned }) {
    if (isErased(payload)) return [];
    const { ban_id: id, reason } = payload;
    const events = Object.values(pardoned).find((pardon) => pardon.ban_id === id)?.events ?? null;
    return [update('guard_bans', { id }, { lifted_at: at, changed_at: at, review: false, reason, events })];
  },
  erased: (payload) => ({ ...payload, reason: null }),
});

function withBan(guard: Bans, ban_id: string, sequence: number, changes: Partial<Ban>): Bans {
  const changed = (ban: Ban) => ({ ...ban, ...changes, events: [...ban.events, sequence] });
  return { ...guard, open: guard.open.map((ban) => (ban.id === ban_id ? changed(ban) : ban)) };
}
