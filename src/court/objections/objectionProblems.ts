/** What may stand against an objection, or against ruling on one. */
import { defineProblems } from '../../core/definitions/problem.ts';

export const objectionProblems = defineProblems({
  not_opposing: [403, 'Only the other side objects'],
  not_raiser: [403, 'Only who raised the objection may do this'],
  objection_pending: [409, 'An objection waits for its ruling'],
  objection_decided: [409, 'The objection is ruled or withdrawn'],
  objection_not_ruled: [409, 'There is no ruling on this objection'],
  ruling_unchanged: [409, 'This is the ruling already'],
  objections_barred: [409, 'No objections are heard in this segment'],
  objection_limit: [409, 'No more objections are heard in this turn'],
  ground_not_heard: [409, 'The format does not hear this ground'],
});
