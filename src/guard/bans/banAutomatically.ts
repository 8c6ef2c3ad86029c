/**
 * A rule bans: the system's own command. One open ban for each key or address, whatever number of processes see the same:
 * a later end extends it, and an earlier one changes nothing.
 */
import { z } from 'zod';
import { defineSystemCommand } from '../../access/defineCommand.ts';
import { privateText } from '../../core/definitions/privateText.ts';
import { BAN_RULES, RULES } from '../rules.ts';
import { type Ban, type Bans, findOpen, isTrapped, SUBJECTS, theGuard } from './ban.ts';
import { banExtended, guardBanned } from './banEvents.ts';
import { keptOf } from './subjects.ts';

export const banAutomatically = defineSystemCommand({
  name: 'guard.enforce',
  summary: 'A rule of the guard bans a key or an address',
  body: z.strictObject({
    /** The institution, or the installation. */
    owner: z.string(),
    subject: z.enum(SUBJECTS),
    value: privateText,
    rule: z.enum(BAN_RULES),
  }),
  locks: ({ owner }) => [theGuard(owner)],
  decide({ guard }, { id, input, now }) {
    const { subject, value, rule } = input;
    if (rule === 'reports' && isPardoned(guard, value, now)) return [];
    const lasts_ms = lastsFor(guard, input);
    const until = lasts_ms === null ? null : later(now, lasts_ms);
    const review = until === null || rule === 'reports';
    const open = findOpen(guard, now, (ban) => ban.subject === subject && ban.value === value);
    if (!open) return [guardBanned({ ban_id: id, subject, value, rule, until, review, reason: null })];
    if (!isLater(until, open)) return [];
    return [banExtended({ ban_id: open.id, until, review: review || open.review, rule, reason: null })];
  },
  result: (_, { id }) => ({ id }),
  keeps: keptOf,
  records: [guardBanned, banExtended],
  rejects: [],
});

/** Null: until it is lifted. */
function lastsFor(guard: Bans, { subject, value, rule }: { subject: string; value: string; rule: string }) {
  if (subject === 'address') return RULES.block_ms;
  if (rule === 'honeypot') return isTrapped(guard, value) ? null : RULES.honeypot.shadowban_ms;
  return rule === 'reports' ? RULES.reports.shadowban_ms : RULES.burst.shadowban_ms;
}

/** What was reported before a person lifted the ban counts no more. */
function isPardoned({ pardoned }: Bans, key: string, now: string): boolean {
  const pardon = pardoned[key];
  return pardon !== undefined && now < later(pardon.at, RULES.reports.window_ms);
}

function later(at: string, ms: number): string {
  return new Date(Date.parse(at) + ms).toISOString();
}

function isLater(until: string | null, open: Ban): boolean {
  return open.until !== null && (until === null || until > open.until);
}
