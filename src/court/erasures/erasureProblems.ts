/** What may stand against the erasure of a payload. */
import { defineProblems } from '../../core/definitions/problem.ts';

export const erasureProblems = defineProblems({
  already_erased: [409, 'The payload was erased before'],
  not_erasable: [409, 'This payload cannot be erased'],
});
