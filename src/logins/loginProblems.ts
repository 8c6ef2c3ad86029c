/** What may stand against the end of a login session. */
import { defineProblems, rejectWith } from '../core/definitions/problem.ts';

export const loginProblems = defineProblems({
  not_ending: [
    409,
    'The login session is not to be ended now',
    'The system would end a login session whose end was asked for, and it is over already, or a turn of its person has begun.',
    'Nothing is to be done: it is looked at again within a second.',
  ],
});

export const reject = rejectWith(loginProblems);
