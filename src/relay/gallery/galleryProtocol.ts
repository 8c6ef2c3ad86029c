/**
 * How listeners of galleries are spoken with. They are told what comes from now on: what was said before is in the list,
 * and a listener that reads it once it is welcome misses nothing. They may say PING alone.
 */
import { galleryClientMessages } from '../../live/galleryMessages.ts';
import type { Delivery } from '../listeners/delivery.ts';
import type { JoinOptions } from '../listeners/join.ts';
import type { Message } from '../listeners/messages.ts';
import type { Outlet } from '../listeners/outlet.ts';
import type { Protocol } from '../listeners/protocol.ts';
import type { Room } from '../rooms/room.ts';
import { type GalleryScope, stateOf } from './galleryScope.ts';
import { prepareGallery } from './prepareGallery.ts';

export const GALLERY_PROTOCOL: Protocol = {
  join,
  read: (said) => galleryClientMessages.PING.safeParse(said).data,
  notAllowed: {
    type: 'ERROR',
    code: 'message_not_allowed',
    detail: 'Only PING is understood here, as one JSON object. Nothing was changed.',
  },
  pong: () => prepareGallery({ type: 'PONG', timestamp: new Date().toISOString() }),
  warns: false,
  farewell: (reconnect_in_ms): Message => ({
    type: 'ERROR',
    code: 'unavailable',
    detail: `Come back in ${reconnect_in_ms} ms, with the ticket of WELCOME, and read the list again.`,
  }),
};

async function join(
  room: Room,
  outlet: Outlet,
  delivery: Delivery,
  { scope, resume_ticket }: JoinOptions,
): Promise<void> {
  await room.open();
  if (!outlet.isOpen()) return;
  const { event_sequence } = room.head();
  outlet.welcome([prepareGallery({ type: 'WELCOME', ...stateOf(scope as GalleryScope), resume_ticket })]);
  delivery.start(event_sequence);
}
