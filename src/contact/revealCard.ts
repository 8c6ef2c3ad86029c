/**
 * A card is revealed, which is on record for good: whose, to whom, when. The card itself is read while this is answered,
 * and for an hour to the same reader under the same Idempotency-Key; it stands in no outcome.
 */
import { z } from 'zod';
import { defineCommand } from '../access/defineCommand.ts';
import { isUuid } from '../core/chain/ids.ts';
import { at, named, text, uuid } from '../core/definitions/answers.ts';
import { defineEvent } from '../core/definitions/event.ts';
import { EXAMPLE } from '../core/definitions/exampleValues.ts';
import { contactStream, KEEPS_CARDS, theContact } from './contact.ts';
import { reject } from './contactProblems.ts';
import { keptCommitments, mayReveal, readDetails } from './details.ts';

export const cardRevealed = defineEvent({
  stream: contactStream,
  type: 'PROCEDURAL_CARD_REVEALED',
  payload: z.strictObject({ details_id: z.guid() }),
  evolve: (contact) => contact,
  project: () => [],
});

const revealAnswer = named(
  'ContactReveal',
  z.strictObject({
    id: uuid,
    revealed_at: at,
    /** Null where it was written anew, or an hour has passed, before it was answered again. */
    card: z
      .strictObject({ name: text.nullable(), email: text.nullable(), phone: text.nullable() })
      .nullable()
      .exactOptional(),
  }),
  {
    ...{ id: EXAMPLE.command_id, revealed_at: EXAMPLE.now },
    card: { name: 'A. Clerk', email: 'clerk@example.org', phone: '+442079460958' },
  },
);

export const revealCard = defineCommand({
  name: 'contact.reveal',
  route: 'POST /api/contact/:user_id/reveal',
  summary: 'Reveal a contact card: 5 an hour, and each is on record',
  who: KEEPS_CARDS,
  within: null,
  body: z.strictObject({}),
  limit: 'contact_reveal',
  async refuse({ db, input: { user_id } }) {
    const isOpen = isUuid(user_id) && (await mayReveal(db, user_id));
    return isOpen ? undefined : reject('not_found', 'There is no card of this person for you.');
  },
  locks: ({ user_id }) => [theContact(user_id)],
  facts: keptCommitments,
  decide({ contact: { details_id, fields, commitment } }, _, commitments) {
    if (details_id === null || fields === '') return reject('not_found', 'The card was emptied.');
    if (commitments?.get(details_id) !== commitment) {
      return reject('card_altered', 'What is kept of the card is not what the record has the commitment of.');
    }
    return [cardRevealed({ details_id })];
  },
  resource: revealAnswer,
  result: (_, { id, now: revealed_at }) => ({ id, revealed_at }),
  readAside: async (db, { user_id }) => ({ card: await readDetails(db, user_id) }),
  counted: 'contactReveals',
  records: [cardRevealed],
  rejects: ['not_found', 'card_altered'],
});
