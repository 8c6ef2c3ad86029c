/** What may stand against a command because of a turn, its clock and its questions. */
import { defineProblems } from '../../core/definitions/problem.ts';

export const turnProblems = defineProblems({
  turn_active: [
    409,
    'A turn is under way',
    'One turn is under way at a time, and a session ends only when none is. `turn_id` names it.',
    'End it with `turn/end`, or take it back with `turn/void` where it was begun by mistake.',
  ],
  turn_not_active: [
    409,
    'This turn is not under way',
    'The command is for a turn that is under way, and this one is not, or none is; `from` says how it stands.',
    'Look at `GET /api/session/<id>/turns`, and start the turn that is meant.',
  ],
  turn_not_planned: [
    409,
    'This turn has begun or been waived',
    'The command is for a turn that has not begun; `from` says how this one stands.',
    'Take a turn that is `planned`. Where this one was begun by mistake, `turn/void` puts a new one in its place.',
  ],
  turn_planned: [
    409,
    'This turn has not begun',
    'A turn that has not begun has nothing to take back.',
    'Nothing is to be done; its length is changed with `turn/plan`.',
  ],
  turn_voided: [
    409,
    'This turn is void',
    'The turn was taken back before.',
    'Go on with the turn that stands in its place, in `GET /api/session/<id>/turns`.',
  ],
  turn_continued: [
    409,
    'The rest of this turn has begun',
    'What was left of this turn was planned as a turn of its own, which has begun; `turn_id` names it.',
    'Void that one first.',
  ],
  turns_unspoken: [
    409,
    'Turns are left unspoken',
    'One call ends a round for good, and turns that were planned were not spoken; `turns` lists them.',
    'Start those turns; or send `{"skip_turns": true}` where the round is really over.',
  ],
  turn_not_ended: [
    409,
    'This turn has not ended',
    'The rest of a turn can be planned when the turn has ended early; `from` says how it stands.',
    'End it first.',
  ],
  turn_expired: [
    409,
    'The time of this turn is up',
    'The time of the turn is up, and its format ends it there.',
    'Start the next turn. More time is granted before the time is up.',
  ],
  deadline_moved: [
    409,
    'The turn has another deadline',
    "A command of the system's own came for a deadline that an extension or a pause has moved since. People do not send it.",
    'Nothing is to be done.',
  ],
  deadline_not_reached: [
    409,
    'There is time left',
    "A command of the system's own came before the deadline. People do not send it.",
    'Nothing is to be done.',
  ],
  time_not_available: [
    409,
    'The format does not leave so much time',
    'The side has less time left, or the turn needs more at least, than was asked for; `left_ms` and `least_ms` say how much.',
    'Ask for so much as there is, or take it from another turn of the side first.',
  ],
  time_protected: [
    409,
    'The bench asks nothing in this part of the turn',
    'The first part of the turn belongs to the speaker alone; `left_ms` says for how long.',
    'Ask when it is over.',
  ],
  extension_too_long: [
    409,
    'The format does not allow so long an extension',
    'The format bounds what is granted at once; `most_ms` says how much.',
    'Grant less, and again where it is needed.',
  ],
  not_a_rebuttal: [
    409,
    'This is not a rebuttal that can be reserved or waived',
    'The turn is no rebuttal, or the format has none that time is reserved for.',
    'Name the turn of kind `rebuttal` or `sur_rebuttal`; other turns are planned with `turn/plan`.',
  ],
  rebuttal_not_reserved: [
    409,
    'The rebuttal is not reserved',
    'The format wants time reserved for the rebuttal before the argument begins, or there is none to waive; `turn_id` names it.',
    'Send `turn/reserve_rebuttal` with that turn.',
  ],
  rebuttal_out_of_bounds: [
    409,
    'The format does not allow such a rebuttal',
    'The format says how long a rebuttal is at least and at most, and in which steps: `min_ms`, `max_ms`, `step_ms`. Rebuttals are reserved, not planned.',
    'Send `turn/reserve_rebuttal` with a time within these.',
  ],
  rebuttal_fixed: [
    409,
    'The rebuttal cannot be changed any more',
    'The format lets a rebuttal be reserved once; or the turns that it takes its time from have begun.',
    'It stays as it is; the side may waive it with `turn/waive_rebuttal`.',
  ],
  question_open: [
    409,
    'A question of the bench is open',
    'The bench has asked, and has not said that it is answered.',
    'End the question first: `turn/question` with `"phase": "end"`.',
  ],
  question_not_open: [
    409,
    'No question of the bench is open',
    'No question of the bench waits for its end.',
    'Nothing is to be done.',
  ],
  floor_taken: [
    409,
    'The bench has the floor',
    'The bench has taken the floor from the speaker, and the clock stands.',
    'Give it back with `turn/return`.',
  ],
  floor_not_taken: [409, 'The bench does not have the floor', 'The speaker has the floor.', 'Nothing is to be done.'],
});
