/** What stays of a person when the rest is forgotten, and why. */
import { z } from 'zod';
import { text } from '../core/definitions/answers.ts';

export const keptAnswer = z.array(z.strictObject({ what: text, why: text }));

export const KEPT: z.output<typeof keptAnswer> = [
  {
    what: 'What happened in court and in matches: who was on a roster, who spoke, objected, ruled and was let in; and for whom a policy was lifted in a session.',
    why: 'It is the record, which everybody on the other side relies on. A super_admin can erase a text in it.',
  },
  {
    what: 'That a contact card was written, emptied or revealed, when and to whom; not what it said.',
    why: 'Who has seen a number must not be forgotten with it.',
  },
  {
    what: 'What the audit trail has: who was let in, refused, or changed what holds for an institution.',
    why: 'An institution answers for what was done in its name.',
  },
  {
    what: 'Bans, and the links that were asked for: to calendars, boards and feeds.',
    why: 'What was refused or opened must be explained for as long as it holds.',
  },
  {
    what: 'What looked like an attack, for 30 days, and how many commands of which kind were sent in each hour, for eight.',
    why: 'A suspicion must not be taken away by the one whom it is about, who may be a thief.',
  },
  {
    what: 'Login sessions whose tokens may still be good, with their devices, networks and places; step-ups that nobody answered; and notices of new devices, of the last seven days.',
    why: 'Whoever has stolen a token must not take away what shows it. Login sessions and step-ups go by themselves after 24 hours, notices after 30 days.',
  },
  {
    what: 'What was said in galleries, and who reported it.',
    why: 'It is forgotten by itself, when its time is over.',
  },
  {
    what: 'Who agreed to telemetry or refused it, and when; for a guardian the name.',
    why: 'A refusal holds only as long as it is known.',
  },
  {
    what: 'Commands, for seven days, and the names of tokens that were ended, for as long as one of them could be good.',
    why: 'A command is sent again under its key; a stolen token must stay ended.',
  },
  {
    what: 'What a tournament’s site calls a person.',
    why: 'It is that site’s: it is gone 30 days after the feed is removed.',
  },
  {
    what: 'Notices, what is followed, and what policies said of requests, in backups that were made before.',
    why: 'A backup is not changed. Its operator says when it goes; after a restore, ask once more.',
  },
];
