/** An admin bans a key or an address, or sets an open ban to another end. It holds in the sessions of the own institution. */
import { z } from 'zod';
import { defineOwnedCommand } from '../../access/defineCommand.ts';
import { ADMINS } from '../../core/definitions/actor.ts';
import { reject } from '../guardProblems.ts';
import { banAfter, findOpen, theGuard } from './ban.ts';
import { banExtended, guardBanned } from './banEvents.ts';
import { readSubject, resultOf } from './resultOf.ts';
import { hours, isNamed, keptOf, NAMES_ONE, named, namesOne, ownerOf, untilOf } from './subjects.ts';

const body = z.strictObject({ ...named, hours }).refine(namesOne, NAMES_ONE);

export const banByPerson = defineOwnedCommand({
  name: 'guard.ban',
  route: 'POST /api/guard/ban',
  summary: 'Ban a key or an address, for so many hours or until it is lifted; an open ban is given another end',
  who: ADMINS,
  ownerOf,
  locks: ({ owner }) => [theGuard(owner)],
  body,
  example: { address: '203.0.113.7', reason: 'Floods the questions.', hours: 24 },
  decide({ guard }, { id, input, now }) {
    const { key, address, reason } = input;
    const facts = { until: untilOf(now, input.hours), review: false, rule: 'person', reason } as const;
    const open = findOpen(guard, now, isNamed(input));
    if (open) return [banExtended({ ban_id: open.id, ...facts })];
    if (input.ban_id !== undefined) return reject('ban_ended', 'The ban has ended, or was lifted.');
    const subject = key === undefined ? 'address' : 'key';
    return [guardBanned({ ban_id: id, subject, value: (key ?? address)!, ...facts })];
  },
  resource: banAfter,
  result: resultOf,
  readAside: readSubject,
  keeps: keptOf,
  records: [guardBanned, banExtended],
  rejects: ['ban_ended'],
});
