/** What stands of one match, for the relay and for what stores the next state. Of what is not published there is nothing. */
import { readAssignmentScopes } from '../../access/scope.ts';
import type { JsonObject } from '../../core/definitions/event.ts';
import type { Queryable } from '../../core/sql/queryable.ts';
import { INTERNAL, type Match, type MatchEvent, type Tier, type TierState } from './match.ts';

export const MATCH_COLUMNS = `m.id, m.institution_id, m.visibility, m.provider, m.feed_id, m.round, m.assignment_id, m.session_id,
  m.title, m.courtroom, m.scheduled_at, m.phase`;

/** @param db of a role that sees every row: whether it may be shown is for `maySeeMatch` to say */
export async function readMatch(db: Queryable, id: string): Promise<Match | undefined> {
  const text = `select ${MATCH_COLUMNS} from matches m where m.id = $1 and m.published`;
  const { rows } = await db.query<Omit<Match, 'scope'>>({ name: 'read-match', text, values: [id] });
  const row = rows[0];
  if (!row) return undefined;
  if (row.provider !== INTERNAL) return { ...row, scope: null };
  const scope = (await readAssignmentScopes(db, [row.id])).get(row.id);
  return scope && { ...row, scope };
}

interface StateRow extends Omit<TierState, 'tier'> {
  stats: JsonObject | null;
}

const STATE = {
  name: 'read-match-state',
  text: `
    select s.match_id, s.version, s.seq, s.state, s.stats, s.updated_at
    from match_state s where s.match_id = $1 and (select published from matches m where m.id = s.match_id)`,
};

/** One tier of it; of a tier that nothing was said of the state is empty. */
export async function readMatchState(db: Queryable, id: string, tier: Tier): Promise<TierState | undefined> {
  const { rows } = await db.query<StateRow>({ ...STATE, values: [id] });
  if (!rows[0]) return undefined;
  const { state, stats, ...row } = rows[0];
  return { ...row, tier, state: tier === 0 ? state : tier === 2 ? (stats ?? {}) : {} };
}

export const EVENT_COLUMNS = 'e.seq, e.provider, e.kind, e.at, e.details, e.confidence, e.superseded';

const EVENTS = {
  name: 'read-match-events',
  text: `
    select ${EVENT_COLUMNS} from match_events e
    where e.match_id = $1 and (select published from matches m where m.id = e.match_id) order by e.seq desc limit $2`,
};

/** The last so many of it, oldest first. */
export async function readMatchEvents(db: Queryable, id: string, limit: number): Promise<MatchEvent[]> {
  const { rows } = await db.query<MatchEvent>({ ...EVENTS, values: [id, limit] });
  return rows.reverse();
}
