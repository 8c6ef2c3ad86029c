/** What may stand against another recording. */
import { defineProblems } from '../../core/definitions/problem.ts';

export const recordingProblems = defineProblems({
  recording_exists: [
    409,
    'The session has this recording already',
    'Each address is listed once for a session.',
    'Nothing is to be done: it is there.',
  ],
  recording_limit: [
    409,
    'The session has as many recordings as it may have',
    'A session lists at most so many recordings as `limit` says.',
    'Put the others together behind one address.',
  ],
});
