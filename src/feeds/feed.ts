/** A feed: a tournament's software, as an admin has named it, from which rounds come in. What it says is no record of ours. */
import { VISIBILITIES, type Visibility } from '../access/scope.ts';
import { isUuid } from '../core/chain/ids.ts';
import type { Lock } from '../core/definitions/defineCommand.ts';
import type { JsonObject } from '../core/definitions/event.ts';
import { defineStream, streamName } from '../core/definitions/stream.ts';
import { defineTable } from '../core/definitions/table.ts';
import type { Queryable } from '../core/sql/queryable.ts';

/** Software that can be named. */
export const PROVIDERS = ['tabbycat', 'generic_json', 'csv'] as const;
export type ProviderName = (typeof PROVIDERS)[number];

const FEED_STATES = ['enabled', 'disabled', 'removed'] as const;

export { VISIBILITIES, type Visibility };

export interface Feed {
  id: string;
  institution_id: string;
  provider: ProviderName;
  name: string;
  /** The site without `/api`; null of a spreadsheet. */
  base_url: string | null;
  tournament: string | null;
  /** Names the file that has the token. */
  secret_ref: string | null;
  /** Where `generic_json` finds what, by JSON pointers. */
  mapping: JsonObject | null;
  /** Of the matches that come from it, where an import says nothing. */
  visibility: Visibility;
  state: (typeof FEED_STATES)[number];
  created_at: string;
  changed_at: string;
}

export const feedStream = defineStream<Feed | null>('feed', { initial: () => null, apart: true });

export const feeds = defineTable({
  name: 'feeds',
  stream: 'feed',
  owner: 'id',
  primary_key: ['id'],
  visible: 'to_institution',
  scope: ['id', 'institution_id', 'state'],
});

/** What a command locks of it, and sees as `feed`. */
export function theFeed(id: string): Lock<'feed', Feed> {
  return { kind: 'feed', stream: streamName('feed', id) };
}

interface Asked {
  /** As the sender. */
  db: Queryable;
  input: { [field: string]: unknown };
}

/** The institution whose feed it is; undefined where there is none that the sender may see. One that was removed is none. */
export async function ownerOf({ db, input }: Asked): Promise<string | undefined> {
  const feed_id = String(input.feed_id);
  return isUuid(feed_id) ? (await findFeed(db, feed_id))?.institution_id : undefined;
}

/** Of feed `f`. */
export const FEED = `f.id, f.institution_id, f.provider, f.name, f.base_url, f.tournament, f.secret_ref, f.mapping, f.visibility,
      f.state, f.created_at, f.changed_at`;

const FIND = {
  name: 'find-feed',
  text: `
    select ${FEED}
    from feeds f where f.id = $1 and f.state <> 'removed'`,
};

/** Row security leaves those of the reader's institution. */
export async function findFeed(db: Queryable, id: string): Promise<Feed | undefined> {
  return (await db.query<Feed>({ ...FIND, values: [id] })).rows[0];
}
