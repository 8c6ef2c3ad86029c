/** What may stand against following. */
import { defineProblems, rejectWith } from '../core/definitions/problem.ts';

export const noticeProblems = defineProblems({
  too_many_followed: [
    409,
    'You follow as much as one person may',
    'A person follows at most 200 sessions, matches and teams at once.',
    'Send `unfollow` for what is over.',
  ],
});

export const reject = rejectWith(noticeProblems);
