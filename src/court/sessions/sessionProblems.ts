/** What may stand against a command because of the session and its state. */
import { defineProblems } from '../../core/definitions/problem.ts';

export const sessionProblems = defineProblems({
  invalid_transition: [
    409,
    'The session cannot change to this state',
    'A session goes from pending to active, from active to paused and back, and to completed; nothing else. `from` and `to` name the change that was asked for.',
    "Look at the session's `status` first. A completed session is final.",
  ],
  session_exists: [
    409,
    'The assignment already has a session',
    'A match has one session. It was made before, or a moment ago.',
    'Go on with the session in `session_id`.',
  ],
  session_completed: [
    409,
    'The session is completed',
    'The session is sealed: its last event commits to all that was recorded, and nothing is added.',
    'Recordings can be named still, with `recording`. A mistake that was found afterwards stays on record as it is.',
  ],
  session_started: [
    409,
    'The session has started',
    'A match is changed until its session starts, because the format and the roster are part of the record from then on.',
    'A person is replaced with `assignment/substitute`. Else the match runs as it was set.',
  ],
  session_under_way: [
    409,
    'The session is under way',
    'A match whose session runs is not called off.',
    'End the session with `complete`; or let it be and note with `log` what happened.',
  ],
  session_not_active: [
    409,
    'The session is not active',
    'The session has not begun, or is paused; `from` says which.',
    'Start it, or resume it.',
  ],
  not_stale: [
    409,
    'It is not stale yet',
    "A command of the system's own found that its reason had gone: what looked abandoned was not. People do not send it.",
    'Nothing is to be done.',
  ],
});
