/** An admin has looked at a ban, and it stays: for so many hours, or until it is lifted. */
import { z } from 'zod';
import { defineOwnedCommand } from '../../access/defineCommand.ts';
import { ADMINS } from '../../core/definitions/actor.ts';
import { reject } from '../guardProblems.ts';
import { banAfter, findOpen, theGuard } from './ban.ts';
import { banConfirmed } from './banEvents.ts';
import { readSubject, resultOf } from './resultOf.ts';
import { hours, isNamed, keptOf, NAMES_ONE, named, namesOne, ownerOfOpen, untilOf } from './subjects.ts';

export const confirmBan = defineOwnedCommand({
  name: 'guard.confirm',
  route: 'POST /api/guard/confirm',
  summary: 'Confirm a ban: it stays for so many hours, or until it is lifted, and asks for no review any more',
  who: ADMINS,
  ownerOf: ownerOfOpen,
  locks: ({ owner }) => [theGuard(owner)],
  body: z.strictObject({ ...named, hours }).refine(namesOne, NAMES_ONE),
  example: { address: '203.0.113.7', reason: 'Seen, and rightly so.' },
  decide({ guard }, { input, now }) {
    const open = findOpen(guard, now, isNamed(input));
    if (!open) return reject('ban_ended', 'There is no such ban, or it has ended, or was lifted.');
    const { reason, hours } = input;
    return [banConfirmed({ ban_id: open.id, until: untilOf(now, hours), review: false, reason })];
  },
  resource: banAfter,
  result: resultOf,
  readAside: readSubject,
  keeps: keptOf,
  records: [banConfirmed],
  rejects: ['ban_ended'],
});
