/** What may stand against the erasure of a payload. */
import { defineProblems } from '../../core/definitions/problem.ts';

export const erasureProblems = defineProblems({
  already_erased: [
    409,
    'The payload was erased before',
    'The payload is gone, and the event that took it is on record.',
    'Nothing is to be done.',
  ],
  not_erasable: [
    409,
    'This payload cannot be erased',
    'Events that carry how the session ran, and erasures themselves, hold nothing that may be forgotten and must stay readable.',
    'Name the event that holds the text or the name.',
  ],
});
