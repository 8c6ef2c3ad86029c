/** A feed is switched on and off, and removed. What is so already is not recorded again. */
import { z } from 'zod';
import { defineEvent, type EventParts } from '../core/definitions/event.ts';
import { update } from '../core/definitions/write.ts';
import { type Feed, feedStream } from './feed.ts';

const nothing = z.strictObject({});
type Nothing = z.output<typeof nothing>;

function becoming(type: string, state: Feed['state']): EventParts<Nothing, Feed | null> {
  return {
    stream: feedStream,
    type,
    payload: nothing,
    evolve: (feed, { at }) => ({ ...feed!, state, changed_at: at }),
    project: ({ at }, feed) => [update('feeds', { id: feed!.id }, { state, changed_at: at })],
  };
}

export const feedEnabled = defineEvent(becoming('PROCEDURAL_FEED_ENABLED', 'enabled'));
export const feedDisabled = defineEvent(becoming('PROCEDURAL_FEED_DISABLED', 'disabled'));
export const feedRemoved = defineEvent(becoming('PROCEDURAL_FEED_REMOVED', 'removed'));
