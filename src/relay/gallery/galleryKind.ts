/**
 * Rooms of galleries. An event of a gallery names a message; what listeners are told is read from the message as it stands,
 * so that nothing is told that was hidden meanwhile, and nothing at all of what only its author and moderators see.
 */
import type { ExportedEvent } from '../../core/definitions/event.ts';
import type { Queryable } from '../../core/sql/queryable.ts';
import { galleryStream } from '../../gallery/gallery.ts';
import { messageNamedBy, NEWS, readShown, type ShownMessage } from '../../gallery/messages/shownMessages.ts';
import type { GalleryMessage } from '../../live/galleryMessages.ts';
import type { RoomKind } from '../rooms/roomKind.ts';
import { prepareGallery } from './prepareGallery.ts';

export function createGalleryKind(db: Queryable): RoomKind {
  const told = new WeakMap<ExportedEvent, GalleryMessage>();

  async function describe(events: readonly ExportedEvent[]): Promise<void> {
    const named = new Map(events.map((event) => [event, messageNamedBy(event)] as const));
    const ids = new Set([...named.values()].filter((id) => id !== undefined));
    if (ids.size === 0) return;
    const shown = await readShown(db, [...ids]);
    for (const [event, id] of named) {
      const news = id === undefined ? undefined : newsOf(event, id, shown.get(id));
      if (news) told.set(event, news);
    }
  }

  function prepare(event: ExportedEvent) {
    const { event_sequence, event_hash } = event;
    const news = told.get(event);
    const { type, text } = news ? prepareGallery(news) : { type: event.event_type, text: '' };
    return { type, text, event_sequence, event_hash, heard_at: performance.now() };
  }

  return { stream: galleryStream, describe, prepare };
}

/** @param message undefined where it is not shown to all */
function newsOf(
  { event_type }: ExportedEvent,
  id: string,
  message: ShownMessage | undefined,
): GalleryMessage | undefined {
  const news = NEWS[event_type];
  if (news === undefined) return undefined;
  if (!message) return news.hides ? { type: 'HIDDEN', id } : undefined;
  if (news.shows) return { type: news.shows, ...message };
  return { type: 'CHANGED', id, votes: message.votes, answered: message.answered };
}
