/** A host slows the gallery down: so much time is between two messages of one person. */
import { z } from 'zod';
import { defineCommand } from '../access/defineCommand.ts';
import { defineEvent } from '../core/definitions/event.ts';
import { keptOf } from './author.ts';
import { galleryAnswer, galleryResult, galleryStream, theGallery, written } from './gallery.ts';
import { HOSTS, hallOfCommand } from './hall.ts';
import { ENTRY_CODES, hidesGallery, refuseAtDoor, refuseBy, refuseSpectator } from './refusals.ts';

/** A day. */
const MOST_SECONDS = 86_400;

export const gallerySlowed = defineEvent({
  stream: galleryStream,
  type: 'SESSION_GALLERY_SLOWED',
  payload: z.strictObject({ seconds: z.int() }),
  evolve: (gallery, { payload }) => ({ ...gallery, slow_seconds: payload.seconds }),
  project: (event, gallery) => written(event, gallery, [], true),
});

export const slowGallery = defineCommand({
  name: 'gallery.slow',
  route: 'POST /api/session/:session_id/gallery/slow',
  summary: 'Ask for more time between two messages of one person; 0 for no more than is usual',
  who: HOSTS,
  hides: hidesGallery,
  body: z.strictObject({ seconds: z.int().min(0).max(MOST_SECONDS) }),
  example: { seconds: 120 },
  locks: ({ session_id }) => [theGallery(session_id)],
  facts: hallOfCommand,
  refuse: (asked) => refuseAtDoor(asked, refuseSpectator),
  decide({ gallery }, { input: { seconds }, actor }, hall) {
    const refusal = refuseBy(hall, gallery, actor, refuseSpectator);
    if (refusal) return refusal;
    return gallery.slow_seconds === seconds ? [] : [gallerySlowed({ seconds })];
  },
  resource: galleryAnswer,
  result: galleryResult,
  keeps: keptOf,
  records: [gallerySlowed],
  rejects: [...ENTRY_CODES, 'not_host'],
});
