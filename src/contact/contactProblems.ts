/** What may stand against revealing a card. */
import { defineProblems, rejectWith } from '../core/definitions/problem.ts';

export const contactProblems = defineProblems({
  card_altered: [
    409,
    'The card is not what its person wrote',
    'What is kept of the card is not what the record has the commitment of: it is lost, as after a restore, or it was changed in the database.',
    'Ask the person to write the card again.',
  ],
});

export const reject = rejectWith(contactProblems);
