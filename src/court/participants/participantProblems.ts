/** What may stand against a command because of who is in the room. */
import { defineProblems } from '../../core/definitions/problem.ts';

export const participantProblems = defineProblems({
  not_joined: [
    409,
    'You are not in this session',
    'Whoever leaves has joined before, and was not gone already.',
    'Nothing is to be done where you wanted to leave; else `join` first.',
  ],
});
