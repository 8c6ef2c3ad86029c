/** What may stand against an objection, or against ruling on one. */
import { defineProblems } from '../../core/definitions/problem.ts';

export const objectionProblems = defineProblems({
  not_opposing: [
    403,
    'Only the other side objects',
    'Counsel object to the other side, and their own side has the floor.',
    'Let the other side object.',
  ],
  not_raiser: [
    403,
    'Only who raised the objection may do this',
    'An objection is withdrawn by the person who raised it.',
    'Let that person withdraw it, or the bench rule.',
  ],
  objection_pending: [
    409,
    'An objection waits for its ruling',
    'An objection waits for its ruling, and what was asked for waits with it; `objection_id` names it.',
    'Rule with `objection/rule`, a clerk with `on_behalf_of`; or let its raiser withdraw it.',
  ],
  objection_decided: [
    409,
    'The objection is ruled or withdrawn',
    'The objection is ruled on or withdrawn; `from` says which.',
    'A ruling that was entered wrongly is corrected with `objection/correct`.',
  ],
  objection_not_ruled: [
    409,
    'There is no ruling on this objection',
    'Only a ruling is corrected, and this objection has none; `from` says how it stands.',
    'Rule with `objection/rule`.',
  ],
  ruling_unchanged: [409, 'This is the ruling already', 'The ruling says this already.', 'Nothing is to be done.'],
  objections_barred: [
    409,
    'No objections are heard in this segment',
    'The format hears no objections in this turn.',
    'Wait for a turn that hears them; a format of your own says so by `objections` of its segment.',
  ],
  objection_limit: [
    409,
    'No more objections are heard in this turn',
    'The format says how many objections a turn hears, those that were withdrawn included; `limit` is that number.',
    'Wait for the next turn.',
  ],
  ground_not_heard: [
    409,
    'The format does not hear this ground',
    'An appellate moot hears points of procedure and not the law of evidence.',
    'Use one of `beyond_the_record`, `misrepresentation`, `procedural`.',
  ],
});
