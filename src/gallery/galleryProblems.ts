/** What may stand against a word in the gallery. */
import { defineProblems, joinProblems, rejectWith } from '../core/definitions/problem.ts';
import { guardProblems } from '../guard/guardProblems.ts';

export const galleryProblems = defineProblems({
  gallery_closed: [
    409,
    'The gallery is closed',
    'The match has no gallery, has none while its session is active, or a moderator closed it.',
    'Wait for the break, or for the moderators. `assignment/update` switches a gallery on before the session starts.',
  ],
  own_message: [
    409,
    'This is your own message',
    'Nobody votes for an own message, or reports it.',
    'Take it back with `withdraw`, or leave it to others.',
  ],
  already_voted: [
    409,
    'You voted for this before',
    'There is one vote for each person and message.',
    'Nothing is to be done.',
  ],
  already_reported: [
    409,
    'You reported this before',
    'There is one report for each person and message; all without a token behind one address are one person.',
    'Nothing is to be done: a moderator sees the message.',
  ],
  message_state: [
    409,
    'The message is past that',
    'A message is approved while it is held, restored while it is not shown, and answered once; `from` says what it is.',
    'Look at the list again.',
  ],
  not_author: [
    403,
    'Only its author takes a message back',
    'The message was posted by somebody else.',
    'Report it, or ask a moderator to hide it.',
  ],
  not_host: [
    403,
    'Only its hosts run the gallery',
    'A gallery is run by the moderators of the roster, the presiding judge and the admins of the institution.',
    'Ask one of them; `report` tells them of a message.',
  ],
});

export const reject = rejectWith(joinProblems(galleryProblems, guardProblems));
