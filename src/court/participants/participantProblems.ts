/** What may stand against a command because of who is in the room. */
import { defineProblems } from '../../core/definitions/problem.ts';

export const participantProblems = defineProblems({
  not_joined: [409, 'You are not in this session'],
});
