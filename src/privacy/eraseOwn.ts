/**
 * A person has forgotten what is known of them beside the record: the contact card is emptied with the command, the rest
 * goes within minutes after it. What would show a thief who asks so in their name stays for as long as it can: `KEPT`.
 */
import { z } from 'zod';
import { defineCommand } from '../access/defineCommand.ts';
import { SEES_CARDS, theContact } from '../contact/contact.ts';
import { putDetails } from '../contact/details.ts';
import { cardWritten } from '../contact/writeCard.ts';
import { type Actor, homeOf, ROLES } from '../core/definitions/actor.ts';
import { insert } from '../core/definitions/write.ts';
import { type Awaited, awaited, erasureAnswer, kept } from './erasure.ts';
import { KEPT } from './kept.ts';

/** Of those, the one in the sender's institution. */
const ownOf = (before: readonly Awaited[] | undefined, actor: Actor) =>
  before?.find(({ institution_id }) => institution_id === homeOf(actor));
const rolesIn = (visible_to: string) => SEES_CARDS.filter((role) => visible_to.split(' ').includes(role));

export const eraseOwn = defineCommand({
  name: 'privacy.erase',
  route: 'POST /privacy/erase',
  summary: 'Have forgotten what is known of you beside the record; the answer says what stays, and why',
  who: ROLES,
  body: z.strictObject({}),
  async putAside(db, { id, actor }) {
    const commitment = await putDetails(db, { id, user_id: actor.id, name: null, email: null, phone: null });
    return { user_id: actor.id, commitment };
  },
  locks: (input) => [theContact(kept(input).user_id)],
  facts: awaited,
  decide({ contact }, { id: details_id, input }) {
    const { institution_id, visible_to, fields } = contact;
    if (fields === '') return [];
    const { commitment } = kept(input);
    return [cardWritten({ details_id, institution_id, visible_to: rolesIn(visible_to), fields: [], commitment })];
  },
  writes(_, { id, input, actor, now: asked_at }, before) {
    if (ownOf(before, actor)) return [];
    const whose = { user_id: kept(input).user_id, institution_id: homeOf(actor) };
    return [insert('privacy_erasures', { id }, { ...whose, asked_at, done_at: null })];
  },
  resource: erasureAnswer,
  result(_, { id: own_id, actor, now }, before) {
    const { id, asked_at } = ownOf(before, actor) ?? { id: own_id, asked_at: now };
    return { id, asked_at, kept: KEPT };
  },
  records: [cardWritten],
  rejects: [],
});
