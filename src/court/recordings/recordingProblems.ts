/** What may stand against another recording. */
import { defineProblems } from '../../core/definitions/problem.ts';

export const recordingProblems = defineProblems({
  recording_exists: [409, 'The session has this recording already'],
  recording_limit: [409, 'The session has as many recordings as it may have'],
});
