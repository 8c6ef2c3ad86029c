/** The rows of matches, as the role of feeds writes them: all of an update by a few statements, whatever its length. */
import { groupBy } from '../../core/groupBy.ts';
import type { Queryable } from '../../core/sql/queryable.ts';
import type { MatchEvent } from './match.ts';
import { type MatchChange, type MatchUpdate, type Next, withShownAnew } from './nextState.ts';
import { EVENT_COLUMNS } from './readMatch.ts';

const COLUMNS = `id uuid, institution_id uuid, visibility text, provider text, feed_id uuid, provider_id text, round integer,
  pair text, assignment_id uuid, session_id uuid, published boolean, title text, courtroom text, scheduled_at timestamptz(3),
  phase text`;

/** Only where there is none of that id. Another worker that makes it at the same time is waited for. */
const MAKE = `
  insert into matches (id, institution_id, visibility, provider, feed_id, provider_id, round, pair, assignment_id, session_id,
    published, title, courtroom, scheduled_at, phase, listed_at)
  select m.*, coalesce(scheduled_at, clock_timestamp()) from json_to_recordset($1) as m (${COLUMNS}) order by id
  on conflict (id) do nothing`;

const MOVE = `
  update matches m set institution_id = n.institution_id, visibility = n.visibility, provider_id = n.provider_id,
    round = n.round, pair = n.pair, assignment_id = n.assignment_id, session_id = n.session_id, published = n.published,
    title = n.title, courtroom = n.courtroom, scheduled_at = n.scheduled_at, phase = n.phase,
    listed_at = coalesce(n.scheduled_at, m.listed_at)
  from json_to_recordset($1) as n (${COLUMNS}) where m.id = n.id`;

const STATE = `
  insert into match_state (match_id, version, seq, state, stats, claim, source, updated_at)
  select n.*, $2 from json_to_recordset($1)
    as n (match_id uuid, version bigint, seq bigint, state json, stats json, claim json, source bigint)
  on conflict (match_id) do update set version = excluded.version, seq = excluded.seq, state = excluded.state,
    stats = excluded.stats, claim = excluded.claim, source = excluded.source, updated_at = excluded.updated_at`;

/** Of a result that was taken back nothing is left, in what gave way before neither. */
const SUPERSEDE = `
  update match_events e set superseded = true, details = case when n.takes_back then '{}' else e.details end
  from json_to_recordset($1) as n (match_id uuid, kind text, takes_back boolean)
  where e.match_id = n.match_id and e.kind = n.kind and e.confidence < 100
    and (not e.superseded or (n.takes_back and e.details::text <> '{}'))
  returning e.match_id, ${EVENT_COLUMNS}`;

const TELL = `
  insert into match_events (match_id, seq, provider, provider_event_id, kind, at, details, confidence, superseded)
  select n.* from json_to_recordset($1) as n (match_id uuid, seq bigint, provider text, provider_event_id text, kind text,
    at timestamptz(3), details json, confidence smallint, superseded boolean)`;

const rowOf = ({ row, state }: Pick<MatchUpdate, 'row' | 'state'>) => {
  const { title, courtroom, scheduled_at, phase } = state;
  return { ...row, title, courtroom, scheduled_at, phase };
};

export async function makeMatches(db: Queryable, updates: readonly MatchUpdate[]): Promise<void> {
  if (updates.length > 0) await db.query(MAKE, [JSON.stringify(updates.map(rowOf))]);
}

/** @param now the database's clock. @returns what is to be published, once it is committed */
export async function writeMatches(db: Queryable, all: readonly Next[], now: string): Promise<MatchChange[]> {
  await db.query(MOVE, [JSON.stringify(all.map(rowOf))]);
  await db.query(STATE, [JSON.stringify(all.map(stateOf)), now]);
  const older = await supersede(db, all);
  const events = all.flatMap(({ row, events }) => events.map((event) => ({ ...event, match_id: row.id })));
  if (events.length > 0) await db.query(TELL, [JSON.stringify(events)]);
  return all.flatMap((next) => withShownAnew(next, older.get(next.row.id) ?? []));
}

const stateOf = ({ row, version, seq, state, stats, claim, source }: Next) => ({
  ...{ match_id: row.id, version, seq, state, stats, claim, source },
});

/** @returns events that gave way, by their match and in order, as they are shown from now on */
async function supersede(db: Queryable, all: readonly Next[]): Promise<Map<string, MatchEvent[]>> {
  const kinds = all.flatMap(({ row, supersedes, takesBack }) =>
    supersedes.map((kind) => ({ match_id: row.id, kind, takes_back: takesBack && kind === 'result' })),
  );
  if (kinds.length === 0) return new Map();
  const { rows } = await db.query<MatchEvent & { match_id: string }>(SUPERSEDE, [JSON.stringify(kinds)]);
  const byMatch = groupBy(
    rows.toSorted((one, other) => one.seq - other.seq),
    ({ match_id }) => match_id,
  );
  return new Map([...byMatch].map(([id, some]) => [id, some.map(({ match_id: _, ...event }) => event)]));
}
