/** What may stand against a command because of the session and its state. */
import { defineProblems } from '../../core/definitions/problem.ts';

export const sessionProblems = defineProblems({
  invalid_transition: [409, 'The session cannot change to this state'],
  session_exists: [409, 'The assignment already has a session'],
  session_completed: [409, 'The session is completed'],
  session_started: [409, 'The session has started'],
  session_under_way: [409, 'The session is under way'],
  session_not_active: [409, 'The session is not active'],
  not_stale: [409, 'It is not stale yet'],
});
