/** Messages to listeners of galleries as they are sent. */
import type { GalleryMessage } from '../../live/galleryMessages.ts';
import type { Prepared } from '../listeners/prepared.ts';

export function prepareGallery(message: GalleryMessage): Prepared {
  return { type: message.type, text: JSON.stringify(message) };
}
