/** An admin lifts a ban. What was counted before bans nobody again. */
import { z } from 'zod';
import { defineOwnedCommand } from '../../access/defineCommand.ts';
import { ADMINS } from '../../core/definitions/actor.ts';
import { reject } from '../guardProblems.ts';
import { banAfter, isOpen, theGuard } from './ban.ts';
import { banLifted } from './banEvents.ts';
import { readSubject, resultOf } from './resultOf.ts';
import { isNamed, keptOf, NAMES_ONE, named, namesOne, ownerOfOpen } from './subjects.ts';

export const liftBan = defineOwnedCommand({
  name: 'guard.unban',
  route: 'POST /api/guard/unban',
  summary: 'Lift a ban',
  who: ADMINS,
  ownerOf: ownerOfOpen,
  locks: ({ owner }) => [theGuard(owner)],
  body: z.strictObject(named).refine(namesOne, NAMES_ONE),
  example: { address: '203.0.113.7', reason: 'It was the school’s proxy.' },
  decide({ guard }, { input, now }) {
    const isMeant = isNamed(input);
    const lifted = guard.open.filter((ban) => isMeant(ban) && isOpen(ban, now));
    if (lifted.length === 0) return reject('ban_ended', 'There is no such ban, or it has ended, or was lifted.');
    return lifted.map(({ id }) => banLifted({ ban_id: id, reason: input.reason }));
  },
  resource: banAfter,
  result: resultOf,
  readAside: readSubject,
  keeps: keptOf,
  records: [banLifted],
  rejects: ['ban_ended'],
});
