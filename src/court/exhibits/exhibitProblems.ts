/** What may stand against a command on an exhibit. */
import { defineProblems } from '../../core/definitions/problem.ts';

export const exhibitProblems = defineProblems({
  not_own_side: [
    403,
    'Only its own side, or the bench, may do this',
    'Counsel bring in, tender and withdraw what is of their own side.',
    'Let that side do it, or the bench.',
  ],
  exhibit_marked: [
    409,
    'The exhibit has its number',
    'The exhibit has its number, which it keeps.',
    'Go on with `exhibit/tender`.',
  ],
  exhibit_not_marked: [
    409,
    'The exhibit has no number yet',
    'An exhibit gets its number before it is tendered.',
    'Send `exhibit/mark` first.',
  ],
  exhibit_tendered: [
    409,
    'The exhibit waits for its ruling',
    'The exhibit is tendered, and waits for its ruling.',
    'Rule with `exhibit/rule`, a clerk with `on_behalf_of`.',
  ],
  exhibit_not_tendered: [
    409,
    'The exhibit is not tendered',
    'An exhibit is ruled on when it was tendered; `from` says how it stands.',
    'Let its side send `exhibit/tender` first.',
  ],
  exhibit_decided: [
    409,
    'The exhibit is ruled on or withdrawn',
    'The exhibit is ruled on or withdrawn; `from` says which.',
    'A ruling that was entered wrongly is corrected with `exhibit/correct`; a rejected exhibit may be tendered again.',
  ],
  exhibit_not_ruled: [
    409,
    'There is no ruling on this exhibit',
    'Only a ruling is corrected, and this exhibit has none; `from` says how it stands.',
    'Rule with `exhibit/rule`.',
  ],
  exhibit_limit: [
    409,
    'The side has no more exhibits',
    'A side has at most so many exhibits as `limit` says, those that were withdrawn included.',
    'Put pages together in one file.',
  ],
  images_not_allowed: [
    415,
    'The format of this session takes no images',
    'The format of this session takes PDF alone.',
    'Send the picture as a PDF; a format of your own takes images with `exhibits.images`.',
  ],
});
