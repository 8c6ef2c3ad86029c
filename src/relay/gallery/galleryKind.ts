/**
 * Rooms of galleries. An event of a gallery names a message; what listeners are told is read from the message as it stands,
 * so that nothing is told that was hidden meanwhile. Of what is shadowed its author alone is told, as if nothing were.
 */
import { createBatcher } from '../../core/batcher.ts';
import type { ExportedEvent } from '../../core/definitions/event.ts';
import type { Queryable } from '../../core/sql/queryable.ts';
import { galleryStream } from '../../gallery/gallery.ts';
import { messageNamedBy, NEWS, readShown, type Shown } from '../../gallery/messages/shownMessages.ts';
import type { GalleryMessage } from '../../live/galleryMessages.ts';
import type { Addressed } from '../listeners/prepared.ts';
import type { RoomKind } from '../rooms/roomKind.ts';
import { prepareGallery } from './prepareGallery.ts';

const READ_AT_ONCE = 64;

export function createGalleryKind(db: Queryable): RoomKind {
  const told = new WeakMap<ExportedEvent, Told>();
  // What is announced while messages are being read is read together, and after it was announced.
  const { push: readTogether } = createBatcher<readonly string[], Map<string, Shown>>(
    READ_AT_ONCE,
    async (asked) => {
      const shown = await readShown(db, [...new Set(asked.flat())]);
      return asked.map(() => shown);
    },
    () => true,
    queueMicrotask,
  );

  async function describe(events: readonly ExportedEvent[]): Promise<void> {
    const named = new Map(events.map((event) => [event, messageNamedBy(event)] as const));
    const ids = new Set([...named.values()].filter((id) => id !== undefined));
    if (ids.size === 0) return;
    const shown = await readTogether([...ids]);
    for (const [event, id] of named) {
      const news = id === undefined ? undefined : newsOf(event, id, shown.get(id));
      if (news) told.set(event, news);
    }
  }

  function prepare(event: ExportedEvent) {
    const { event_sequence, event_hash } = event;
    const { message, ...addressed } = told.get(event) ?? {};
    const { type, text } = message ? prepareGallery(message) : { type: event.event_type, text: '' };
    return { type, text, event_sequence, event_hash, heard_at: performance.now(), ...addressed };
  }

  return { stream: galleryStream, describe, prepare };
}

interface Told extends Addressed {
  message: GalleryMessage;
}

/** @param shown undefined where it is shown to nobody */
function newsOf({ event_type }: ExportedEvent, id: string, shown: Shown | undefined): Told | undefined {
  const news = NEWS[event_type];
  if (news === undefined) return undefined;
  const hidden = { type: 'HIDDEN', id } as const;
  if (!shown) return news.hides && { message: hidden };
  const { message, only } = shown;
  if (only !== undefined && news.hides) return { message: hidden, except: only };
  const addressed = only === undefined ? {} : { only };
  if (news.shows) return { message: { type: news.shows, ...message }, ...addressed };
  return { message: { type: 'CHANGED', id, votes: message.votes, answered: message.answered }, ...addressed };
}
