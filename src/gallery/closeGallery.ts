/** A host closes the gallery: what was said stays to be read. */
import { z } from 'zod';
import { defineCommand } from '../access/defineCommand.ts';
import { defineEvent } from '../core/definitions/event.ts';
import { privateText } from '../core/definitions/privateText.ts';
import { remark } from '../core/definitions/schemas.ts';
import { keptOf } from './author.ts';
import { galleryAnswer, galleryResult, galleryStream, theGallery, written } from './gallery.ts';
import { HOSTS, hallOfCommand } from './hall.ts';
import { ENTRY_CODES, hidesGallery, refuseAtDoor, refuseBy, refuseSpectator } from './refusals.ts';

export const galleryClosed = defineEvent({
  stream: galleryStream,
  type: 'SESSION_GALLERY_CLOSED',
  payload: z.strictObject({ reason: privateText.nullable() }),
  evolve: (gallery) => ({ ...gallery, is_closed: true }),
  project: (event, gallery) => written(event, gallery, [], true),
});

export const closeGallery = defineCommand({
  name: 'gallery.close',
  route: 'POST /api/session/:session_id/gallery/close',
  summary: 'Close the gallery: nothing is said until it is opened again',
  who: HOSTS,
  hides: hidesGallery,
  body: z.strictObject({ reason: remark.optional() }),
  locks: ({ session_id }) => [theGallery(session_id)],
  facts: hallOfCommand,
  refuse: (asked) => refuseAtDoor(asked, refuseSpectator),
  decide({ gallery }, { input: { reason = null }, actor }, hall) {
    const refusal = refuseBy(hall, gallery, actor, refuseSpectator);
    if (refusal) return refusal;
    return gallery.is_closed === true ? [] : [galleryClosed({ reason })];
  },
  resource: galleryAnswer,
  result: galleryResult,
  keeps: keptOf,
  records: [galleryClosed],
  rejects: [...ENTRY_CODES, 'not_host'],
});
