/** What may stand against a command on an exhibit. */
import { defineProblems } from '../../core/definitions/problem.ts';

export const exhibitProblems = defineProblems({
  not_own_side: [403, 'Only its own side, or the bench, may do this'],
  exhibit_marked: [409, 'The exhibit has its number'],
  exhibit_not_marked: [409, 'The exhibit has no number yet'],
  exhibit_tendered: [409, 'The exhibit waits for its ruling'],
  exhibit_not_tendered: [409, 'The exhibit is not tendered'],
  exhibit_decided: [409, 'The exhibit is ruled on or withdrawn'],
  exhibit_not_ruled: [409, 'There is no ruling on this exhibit'],
  exhibit_limit: [409, 'The side has no more exhibits'],
  images_not_allowed: [415, 'The format of this session takes no images'],
});
