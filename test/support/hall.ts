/** The gallery of the specifications' match, as its commands find the court. */
import type { Actor } from '../../src/core/definitions/actor.ts';
import type { Author } from '../../src/core/definitions/author.ts';
import type { NewEvent } from '../../src/core/definitions/event.ts';
import type { Hall } from '../../src/gallery/hall.ts';
import { messagePosted } from '../../src/gallery/messages/postMessage.ts';
import { INSTITUTION, SESSION } from './matchFixture.ts';

/** The first event of the specifications is of this command, and so is the author of the past `system`. */
export const MESSAGE = '018f3c1e-0000-7000-8000-0000000f0000';
export const AUTHOR = 'system';

/** In a break of a session whose audience is read afterwards. */
export function hallOf(changes: Partial<Hall> = {}): Hall {
  return {
    ...{ session_id: SESSION, institution_id: INSTITUTION, status: 'paused', mode: 'breaks', moderation: 'after' },
    ...{ seat: null, is_closed: false, slow_seconds: 0 },
    ...changes,
  };
}

type Posted = Parameters<typeof messagePosted>[0];

export function posted(changes: Partial<Posted> = {}): NewEvent {
  return messagePosted({
    ...{ message_id: MESSAGE, category: 'question', text: 'Why?', author_name: null, author_key: AUTHOR },
    ...{ state: 'shown', is_shadowed: false, needs_review: changes.state === 'held' },
    ...changes,
  });
}

/** The session is active, and the roster names the sender. */
export const seated = hallOf({ status: 'active', mode: 'always', seat: { role: 'petitioner', presiding: false } });

/** A person with a token of whom the guard knows nothing. */
export function authorOf({ id }: Pick<Actor, 'id'>): Author {
  return { id, key: id, reporter: id, is_shadowed: false, shown_to: 'everybody' };
}
