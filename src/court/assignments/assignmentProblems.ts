/** What may stand against a command because of the match: its roster, its panel, its having been called off. */
import { defineProblems } from '../../core/definitions/problem.ts';

export const assignmentProblems = defineProblems({
  role_not_on_roster: [403, 'The roster does not give you this role'],
  not_on_panel: [403, 'Only a judge of this panel may do this'],
  not_presiding: [403, 'Only the presiding judge may do this'],
  assignment_cancelled: [409, 'The match was called off'],
  already_on_roster: [409, 'The roster names this person already'],
  not_on_roster: [409, 'The roster does not name this person so'],
});
