/** What the hosts read of a gallery: what waits for them, and all of it. */
import { z } from 'zod';
import { MAX_PAGE } from '../../core/definitions/page.ts';
import { defineQuery } from '../../core/definitions/query.ts';
import { id, wholeNumber } from '../../core/definitions/schemas.ts';
import { HOSTS } from '../hall.ts';
import { demandEntry, hidesGallery, refuseSpectator } from '../refusals.ts';
import { hostedList, readHosted } from './hostedMessage.ts';

const MOST_EXPORTED = 1_000;

export const readHeld = defineQuery({
  name: 'gallery.held',
  route: 'GET /api/session/:session_id/gallery/held',
  summary: 'What waits for a host: messages to approve, and those that were reported',
  roles: HOSTS,
  hides: hidesGallery,
  query: z.strictObject({ limit: wholeNumber(1, MAX_PAGE).default(50), after: id.optional() }),
  target: ({ session_id }) => ({ kind: 'session', id: session_id }),
  answer: hostedList,
  async read({ db, actor, params: { session_id }, query }) {
    await demandEntry(db, session_id, actor, refuseSpectator);
    return readHosted(db, session_id, 'needs_review', query);
  },
});

export const exportMessages = defineQuery({
  name: 'gallery.export',
  route: 'GET /api/session/:session_id/gallery/export',
  summary: 'All that was said in a gallery and is still kept, whatever became of it',
  roles: HOSTS,
  hides: hidesGallery,
  query: z.strictObject({ limit: wholeNumber(1, MOST_EXPORTED).default(MOST_EXPORTED), after: id.optional() }),
  target: ({ session_id }) => ({ kind: 'session', id: session_id }),
  answer: hostedList,
  async read({ db, actor, params: { session_id }, query }) {
    await demandEntry(db, session_id, actor, refuseSpectator);
    return readHosted(db, session_id, 'true', query);
  },
});
