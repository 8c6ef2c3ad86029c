/** A host of a gallery has banned the author of a message: what the gallery recorded, carried out for the institution. */
import { z } from 'zod';
import { defineSystemCommand } from '../../access/defineCommand.ts';
import { privateText } from '../../core/definitions/privateText.ts';
import { findOpen, theGuard } from './ban.ts';
import { banExtended, guardBanned } from './banEvents.ts';
import { keptOf, untilOf } from './subjects.ts';

export const banByHost = defineSystemCommand({
  name: 'guard.comply',
  summary: 'A host of a gallery bans the author of a message',
  body: z.strictObject({
    /** The institution. */
    owner: z.string(),
    value: privateText,
    host: z.string(),
    reason: privateText,
    hours: z.int().nullable(),
  }),
  locks: ({ owner }) => [theGuard(owner)],
  decide({ guard }, { id, input, now }) {
    const { value, reason, hours } = input;
    const facts = { until: untilOf(now, hours ?? undefined), review: false, rule: 'person', reason } as const;
    const open = findOpen(guard, now, (ban) => ban.subject === 'key' && ban.value === value);
    return open
      ? [banExtended({ ban_id: open.id, ...facts })]
      : [guardBanned({ ban_id: id, subject: 'key', value, ...facts })];
  },
  result: (_, { id }) => ({ id }),
  keeps: keptOf,
  records: [guardBanned, banExtended],
  rejects: [],
});
