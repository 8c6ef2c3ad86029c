/**
 * Messages were kept for their time: the system takes out what they said, many at once. What was voted, reported and done
 * about them stays.
 */
import { z } from 'zod';
import { defineSystemCommand } from '../../access/defineCommand.ts';
import type { FactSource } from '../../core/definitions/command.ts';
import { lapsed, MOST_LAPSED } from '../../core/definitions/erasure.ts';
import { defineEvent } from '../../core/definitions/event.ts';
import { id, instant } from '../../core/definitions/schemas.ts';
import { update } from '../../core/definitions/write.ts';
import { keptOf } from '../author.ts';
import { galleryStream, theGallery } from '../gallery.ts';
import { findMessage, messageUpdate, withMessage } from './message.ts';

export const messagesErased = defineEvent({
  stream: galleryStream,
  type: 'SESSION_GALLERY_ERASED',
  payload: z.strictObject({ ...lapsed, message_ids: z.array(id) }),
  lapses: true,
  evolve: (gallery, { payload }) =>
    payload.message_ids.reduce((rest, message_id) => {
      const message = findMessage(rest, message_id)!;
      return withMessage(rest, { ...message, state: 'erased', is_shadowed: false, needs_review: false });
    }, gallery),
  project: ({ payload }, gallery) =>
    payload.message_ids.map((message_id) => {
      const { key, set, table } = messageUpdate(gallery, message_id);
      return update(table, key, { ...set, category: null, text: null, author_name: null, author_key: null });
    }),
});

interface Due {
  message_id: string;
  event_sequence: number;
  payload_commitment: string;
}

const DUE = `
  select c.id as key, d.*
  from commands c cross join lateral (
    select m.id as message_id, m.sequence as event_sequence, m.payload_commitment from gallery_messages m
    where m.session_id = (c.input ->> 'session_id')::uuid and m.text is not null
      and m.posted_at <= (c.input ->> 'before')::timestamptz and m.sequence >= (c.input ->> 'from')::integer
    order by m.sequence limit ${MOST_LAPSED}) d
  where c.id = any($1)`;

/** By the command: several on one gallery are decided together, each from another message on. */
const due: FactSource<{ session_id: string }, Due[]> = {
  key: ({ id }) => id,
  async load(db, command_ids) {
    const { rows } = await db.query<Due & { key: string }>(DUE, [command_ids]);
    const found = new Map<string, Due[]>(command_ids.map((key) => [key, []]));
    for (const { key, ...one } of rows) found.get(key)!.push(one);
    return found;
  },
};

export const eraseMessages = defineSystemCommand({
  name: 'gallery.erase',
  summary: 'Erase what was said in a gallery before an instant, from a message on as many as one event may',
  body: z.strictObject({ session_id: id, before: instant, from: z.int().min(1).default(1) }),
  within: 'session_id',
  locks: ({ session_id }) => [theGallery(session_id)],
  facts: due,
  decide({ gallery }, _, messages = []) {
    // What two commands on the same messages find is the same.
    const left = messages.filter(({ message_id }) => findMessage(gallery, message_id)?.state !== 'erased');
    if (left.length === 0) return [];
    const erased = left.map(({ event_sequence, payload_commitment }) => ({ event_sequence, payload_commitment }));
    const message_ids = left.map(({ message_id }) => message_id);
    return [messagesErased({ erased, message_ids, reason: 'retention' })];
  },
  result: ({ states }) => ({ id: states.gallery.id }),
  keeps: keptOf,
  records: [messagesErased],
  rejects: [],
});
