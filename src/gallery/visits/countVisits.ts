/** What an API counted of the readers of a gallery since it last said so. No event records it. */
import { z } from 'zod';
import { defineSystemCommand } from '../../access/defineCommand.ts';
import { id } from '../../core/definitions/schemas.ts';
import { insert } from '../../core/definitions/write.ts';
import { theVisits } from './visit.ts';

export const MOST_COUNTED = 500;

const counted = z.strictObject({ visitor: z.string().regex(/^[0-9a-f]{32}$/), views: z.int().min(1) });

export const countVisits = defineSystemCommand({
  name: 'gallery.count',
  summary: 'Count who read a gallery, and how often',
  body: z.strictObject({
    session_id: id,
    day: z.string().regex(/^\d{4}-\d\d-\d\d$/),
    visitors: z.array(counted).min(1).max(MOST_COUNTED),
  }),
  within: 'session_id',
  locks: ({ session_id }) => [theVisits(session_id)],
  decide: () => [],
  writes: (_, { id, input: { session_id, day, visitors } }) =>
    visitors.map(({ visitor, views }) => insert('gallery_visits', { id, visitor }, { session_id, day, views })),
  result: (_, { input }) => ({ id: input.session_id }),
  keeps: ({ session_id }) => ({ session_id }),
  records: [],
  rejects: [],
});
