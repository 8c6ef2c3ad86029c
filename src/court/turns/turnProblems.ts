/** What may stand against a command because of a turn, its clock and its questions. */
import { defineProblems } from '../../core/definitions/problem.ts';

export const turnProblems = defineProblems({
  turn_active: [409, 'A turn is under way'],
  turn_not_active: [409, 'This turn is not under way'],
  turn_not_planned: [409, 'This turn has begun or been waived'],
  turn_planned: [409, 'This turn has not begun'],
  turn_voided: [409, 'This turn is void'],
  turn_continued: [409, 'The rest of this turn has begun'],
  turns_unspoken: [409, 'Turns are left unspoken'],
  turn_not_ended: [409, 'This turn has not ended'],
  turn_expired: [409, 'The time of this turn is up'],
  deadline_moved: [409, 'The turn has another deadline'],
  deadline_not_reached: [409, 'There is time left'],
  time_not_available: [409, 'The format does not leave so much time'],
  time_protected: [409, 'The bench asks nothing in this part of the turn'],
  extension_too_long: [409, 'The format does not allow so long an extension'],
  not_a_rebuttal: [409, 'This is not a rebuttal that can be reserved or waived'],
  rebuttal_not_reserved: [409, 'The rebuttal is not reserved'],
  rebuttal_out_of_bounds: [409, 'The format does not allow such a rebuttal'],
  rebuttal_fixed: [409, 'The rebuttal cannot be changed any more'],
  question_open: [409, 'A question of the bench is open'],
  question_not_open: [409, 'No question of the bench is open'],
  floor_taken: [409, 'The bench has the floor'],
  floor_not_taken: [409, 'The bench does not have the floor'],
});
