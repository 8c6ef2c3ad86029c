/**
 * A contact card, one for each person: the roles that it may be revealed to, and the commitment of what it says. What it
 * says stands in `contact_details`, outside the chain and the inbox, in rows that can be deleted.
 */
import { z } from 'zod';
import { at, named, uuid } from '../core/definitions/answers.ts';
import type { Lock } from '../core/definitions/defineCommand.ts';
import { EXAMPLE } from '../core/definitions/exampleValues.ts';
import { defineStream, streamName } from '../core/definitions/stream.ts';
import { defineTable } from '../core/definitions/table.ts';

/** Roles that a card may be revealed to: never counsel. */
export const SEES_CARDS = ['judge', 'moderator', 'admin'] as const;
export const KEEPS_CARDS = ['super_admin', ...SEES_CARDS] as const;

export const FIELDS = ['email', 'phone'] as const;

export interface Contact {
  /** Of the person. */
  id: string;
  /** Of the row that has what the card says; null before there is a card. */
  details_id: string | null;
  /** Whose admins may have it revealed. */
  institution_id: string | null;
  /** Roles and fields, each as one text with spaces between. */
  visible_to: string;
  /** Empty where the card was emptied. */
  fields: string;
  commitment: string;
  updated_at: string | null;
}

export const contactStream = defineStream<Contact>('contact', {
  initial: (id) => ({
    ...{ id, details_id: null, institution_id: null },
    ...{ visible_to: '', fields: '', commitment: '', updated_at: null },
  }),
  yields: true,
});

export function theContact(user_id: string): Lock<'contact', Contact> {
  return { kind: 'contact', stream: streamName('contact', user_id) };
}

export const contactCards = defineTable({
  name: 'contact_cards',
  stream: 'contact',
  owner: 'id',
  primary_key: ['id'],
  visible: 'to_nobody',
  scope: ['id', 'institution_id', 'visible_to', 'fields'],
});

export const cardAnswer = named(
  'ContactCard',
  z.strictObject({
    /** Of its person. */
    id: uuid,
    visible_to: z.array(z.enum(SEES_CARDS)),
    fields: z.array(z.enum(FIELDS)),
    updated_at: at,
  }),
  { id: EXAMPLE.user_id, visible_to: ['moderator', 'admin'], fields: ['email', 'phone'], updated_at: EXAMPLE.now },
);
