/** Contact cards of those who run a round: written by their people, revealed to few, and each time on record. */
import { defineModule } from '../core/definitions/module.ts';
import { contactCards } from './contact.ts';
import { contactProblems } from './contactProblems.ts';
import { revealCard } from './revealCard.ts';
import { writeCard } from './writeCard.ts';

export const contact = defineModule({
  name: 'contact',
  problems: contactProblems,
  reserved: { event_prefixes: [], stream_kinds: ['contact'] },
  commands: [writeCard, revealCard],
  tables: [contactCards],
});
