/** What may stand against a command because of the match: its roster, its panel, its having been called off. */
import { defineProblems } from '../../core/definitions/problem.ts';

export const assignmentProblems = defineProblems({
  role_not_on_roster: [
    403,
    'The roster does not give you this role',
    'The roster of the match does not have the bearer of this token in this role; or a moderator did what moderators do only where the match says `moderators_run`.',
    "Look at the match's roster. A clerk can name another person with `assignment/substitute`, or set `moderators_run` with `assignment/update` before the start.",
  ],
  not_on_panel: [
    403,
    'Only a judge of this panel may do this',
    'A judge acts in the sessions whose panel names that judge, and the panel of this one does not.',
    'Use the token of a judge of the panel, or have a clerk replace a judge with `assignment/substitute`.',
  ],
  not_presiding: [
    403,
    'Only the presiding judge may do this',
    "Rulings and extensions are the presiding judge's. With status 409 the judge in `on_behalf_of` does not preside, as where somebody else does since.",
    "Let the presiding judge send it; or a clerk, with that judge's user id in `on_behalf_of`.",
  ],
  assignment_cancelled: [
    409,
    'The match was called off',
    'The match was called off, and stays so; `cancelled_at` says since when.',
    'Make a new match with `assignment/create`.',
  ],
  already_on_roster: [
    409,
    'The roster names this person already',
    'Each person stands on a roster once, and the replacement stands there already.',
    "Name somebody else, or the person's own place.",
  ],
  not_on_roster: [
    409,
    'The roster does not name this person so',
    'Somebody whom the command names does not stand on the roster, or not in that role.',
    'Look at the roster: `GET /api/assignment/<id>`.',
  ],
});
