/**
 * A person writes the own contact card, which takes the place of the one before; one with neither an address nor a number
 * empties it. What it says is put aside at the door: the inbox and the record hold its commitment alone.
 */
import { z } from 'zod';
import { defineCommand } from '../access/defineCommand.ts';
import { defineEvent } from '../core/definitions/event.ts';
import { line } from '../core/definitions/schemas.ts';
import { insert, update } from '../core/definitions/write.ts';
import { cardAnswer, contactStream, FIELDS, KEEPS_CARDS, SEES_CARDS, theContact } from './contact.ts';
import { putDetails } from './details.ts';
import { email, type Particulars, phone } from './particulars.ts';

const visibleTo = z.array(z.enum(SEES_CARDS)).min(1);
const fields = z.array(z.enum(FIELDS));

export const cardWritten = defineEvent({
  stream: contactStream,
  type: 'PROCEDURAL_CARD_WRITTEN',
  payload: z.strictObject({
    ...{ details_id: z.guid(), institution_id: z.guid().nullable(), visible_to: visibleTo, fields },
    commitment: z.string(),
  }),
  evolve: ({ id }, { payload, at: updated_at }) => ({
    ...{ ...payload, id, updated_at },
    ...{ visible_to: payload.visible_to.join(' '), fields: payload.fields.join(' ') },
  }),
  project({ sequence }, { id, ...card }) {
    const write = sequence === 1 ? insert : update;
    return [write('contact_cards', { id }, card)];
  },
});

const body = z.strictObject({
  name: line,
  email: email.optional(),
  phone: phone.optional(),
  visible_to: visibleTo.refine((roles) => new Set(roles).size === roles.length, 'must name each role once'),
});

/** The input as the inbox has it. */
type Kept = { user_id: string; commitment: string } & Pick<z.output<typeof cardAnswer>, 'visible_to' | 'fields'>;
const kept = (input: object) => input as unknown as Kept;

export const writeCard = defineCommand({
  name: 'contact.write',
  route: 'POST /api/contact/card',
  summary: 'Write the own contact card, in the place of the one before; without an address and a number it is emptied',
  who: KEEPS_CARDS,
  body,
  example: {
    name: 'A. Clerk',
    email: 'clerk@example.org',
    phone: '+44 20 7946 0958',
    visible_to: ['moderator', 'admin'],
  },
  async putAside(db, { id, input, actor }) {
    const { visible_to, name, email = null, phone = null } = input;
    const says: Particulars = { name: email === null && phone === null ? null : name, email, phone };
    const commitment = await putDetails(db, { id, user_id: actor.id, ...says });
    return { user_id: actor.id, visible_to, fields: FIELDS.filter((field) => says[field] !== null), commitment };
  },
  locks: (input) => [theContact(kept(input).user_id)],
  decide(_, { id: details_id, input, actor }) {
    const { visible_to, fields, commitment } = kept(input);
    return [cardWritten({ details_id, institution_id: actor.institution_id, visible_to, fields, commitment })];
  },
  resource: cardAnswer,
  result(_, { input, now: updated_at }) {
    const { user_id: id, visible_to, fields } = kept(input);
    return { id, visible_to, fields, updated_at };
  },
  records: [cardWritten],
  rejects: [],
});
