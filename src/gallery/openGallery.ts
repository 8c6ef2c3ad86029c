/** A host opens the gallery again. While the session is active the match says whether anything is said. */
import { z } from 'zod';
import { defineCommand } from '../access/defineCommand.ts';
import { defineEvent } from '../core/definitions/event.ts';
import { privateText } from '../core/definitions/privateText.ts';
import { remark } from '../core/definitions/schemas.ts';
import { keptOf } from './author.ts';
import { galleryAnswer, galleryResult, galleryStream, theGallery, written } from './gallery.ts';
import { HOSTS, hallOfCommand } from './hall.ts';
import { ENTRY_CODES, hidesGallery, refuseAtDoor, refuseBy, refuseSpectator } from './refusals.ts';

export const galleryOpened = defineEvent({
  stream: galleryStream,
  type: 'SESSION_GALLERY_OPENED',
  payload: z.strictObject({ reason: privateText.nullable() }),
  evolve: (gallery) => ({ ...gallery, is_closed: false }),
  project: (event, gallery) => written(event, gallery, [], true),
});

export const openGallery = defineCommand({
  name: 'gallery.open',
  route: 'POST /api/session/:session_id/gallery/open',
  summary: 'Open the gallery again that a host closed',
  who: HOSTS,
  hides: hidesGallery,
  body: z.strictObject({ reason: remark.optional() }),
  locks: ({ session_id }) => [theGallery(session_id)],
  facts: hallOfCommand,
  refuse: (asked) => refuseAtDoor(asked, refuseSpectator),
  decide({ gallery }, { input: { reason = null }, actor }, hall) {
    const refusal = refuseBy(hall, gallery, actor, refuseSpectator);
    if (refusal) return refusal;
    return gallery.is_closed === false ? [] : [galleryOpened({ reason })];
  },
  resource: galleryAnswer,
  result: galleryResult,
  keeps: keptOf,
  records: [galleryOpened],
  rejects: [...ENTRY_CODES, 'not_host'],
});
