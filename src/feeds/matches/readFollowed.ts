/** What the relay reads of all the matches that are followed there, many at a time. Of what is not published there is nothing. */
import { readAssignmentScopes } from '../../access/scope.ts';
import type { JsonObject } from '../../core/definitions/event.ts';
import type { Queryable } from '../../core/sql/queryable.ts';
import { INTERNAL, type Match, type MatchEvent } from './match.ts';
import { EVENT_COLUMNS, MATCH_COLUMNS } from './readMatch.ts';

/** A match with the version at which it stands; 0 where nothing was said of it yet. */
export interface FollowedMatch {
  match: Match;
  version: number;
}

const FOLLOWED = {
  name: 'read-followed-matches',
  text: `
    select ${MATCH_COLUMNS}, coalesce(s.version, 0) as version
    from matches m left join match_state s on s.match_id = m.id where m.id = any($1::uuid[]) and m.published`,
};

/** @param db of a role that sees every row: whether it may be shown is for `maySeeMatch` to say */
export async function readFollowed(db: Queryable, ids: readonly string[]): Promise<Map<string, FollowedMatch>> {
  const { rows } = await db.query<Omit<Match, 'scope'> & { version: number }>({ ...FOLLOWED, values: [ids] });
  const rooms = rows.filter(({ provider }) => provider === INTERNAL).map(({ id }) => id);
  const scopes = rooms.length === 0 ? new Map() : await readAssignmentScopes(db, rooms);
  const found = new Map<string, FollowedMatch>();
  for (const { version, ...row } of rows) {
    const scope = scopes.get(row.id) ?? null;
    if (row.provider !== INTERNAL || scope) found.set(row.id, { match: { ...row, scope }, version });
  }
  return found;
}

/** Of tier 0 and 2; that of tier 1 is its events. */
export interface FollowedState {
  version: number;
  seq: number;
  state: JsonObject;
  stats: JsonObject | null;
}

const STATES = {
  name: 'read-followed-states',
  text: `
    select s.match_id, s.version, s.seq, s.state, s.stats
    from match_state s join matches m on m.id = s.match_id where s.match_id = any($1::uuid[]) and m.published`,
};

export async function readFollowedStates(db: Queryable, ids: readonly string[]): Promise<Map<string, FollowedState>> {
  const { rows } = await db.query<FollowedState & { match_id: string }>({ ...STATES, values: [ids] });
  return new Map(rows.map(({ match_id, ...state }) => [match_id, state]));
}

const EVENTS = {
  name: 'read-followed-events',
  text: `
    select m.id as match_id, e.* from matches m
    cross join lateral (
      select ${EVENT_COLUMNS} from match_events e where e.match_id = m.id order by e.seq desc limit $2
    ) e
    where m.id = any($1::uuid[]) and m.published order by m.id, e.seq`,
};

/** The last so many of each, oldest first. */
export async function readFollowedEvents(
  db: Queryable,
  ids: readonly string[],
  limit: number,
): Promise<Map<string, MatchEvent[]>> {
  const { rows } = await db.query<MatchEvent & { match_id: string }>({ ...EVENTS, values: [ids, limit] });
  const found = new Map<string, MatchEvent[]>(ids.map((id) => [id, []]));
  for (const { match_id, ...event } of rows) found.get(match_id)?.push(event);
  return found;
}
