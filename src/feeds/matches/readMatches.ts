/** Questions about matches: those that a person may see in the order of their time, one, its state, and what happened. */
import { z } from 'zod';
import { isUuid } from '../../core/chain/ids.ts';
import { type Actor, ROLES } from '../../core/definitions/actor.ts';
import { pageOf, pageQuery, withinPage } from '../../core/definitions/page.ts';
import { defineQuery, NO_QUERY } from '../../core/definitions/query.ts';
import { id, instant } from '../../core/definitions/schemas.ts';
import type { Queryable } from '../../core/sql/queryable.ts';
import {
  eventList,
  INTERNAL,
  type MatchEvent,
  matchAnswer,
  type matchItem,
  matchList,
  PHASES,
  type ShownState,
  stateAnswer,
} from './match.ts';
import { EVENT_COLUMNS } from './readMatch.ts';

interface ItemRow {
  id: string;
  provider: string;
  assignment_id: string | null;
  session_id: string | null;
  version: number;
  seq: number;
  state: ShownState;
  updated_at: string;
}

const ITEM = `
  select m.id, m.provider, m.assignment_id, m.session_id, s.version, s.seq, s.state, s.updated_at
  from matches m cross join lateral (select * from match_state where match_id = m.id limit 1) s`;

const itemOf = ({ state, updated_at, ...row }: ItemRow): z.output<typeof matchItem> => ({
  ...row,
  ...state,
  updated_at,
});

/** `$1` is the asker, `$2` the asker's institution, `$3` the role, `$4` and `$5` the key to go on after, `$6` the limit, `$7` a phase. */
const arm = (from: string, whose: string, inPhase: boolean) => `
  (select m.listed_at, m.id from ${from} where m.published and ${whose} ${inPhase ? 'and m.phase = $7' : ''}
    and ($4::timestamptz is null or (m.listed_at, m.id) > ($4, $5::uuid)) order by m.listed_at, m.id limit $6)`;

/** Each reason to see a match by its own index, as with sessions; whether it still holds is for row security to say. */
function pageText({ role }: Actor, inPhase: boolean): string {
  const arms =
    role === 'super_admin'
      ? [arm('matches m', 'true', inPhase)]
      : [
          arm('matches m', `m.institution_id = $2::uuid and (m.visibility <> 'private' or $3 = 'admin')`, inPhase),
          arm('matches m', `m.visibility = 'public'`, inPhase),
          arm(
            'rosters r join matches m on m.id = r.assignment_id',
            `m.provider = '${INTERNAL}' and r.user_id = $1::uuid and r.replaced_at is null`,
            inPhase,
          ),
        ];
  return `
    with asker as (select $1::uuid, $2::uuid, $3::text ${inPhase ? ', $7::text' : ''}),
    page as (select listed_at, id from (${arms.join(' union ')}) visible order by listed_at, id limit $6)
    select item.*, page.listed_at from page cross join lateral (${ITEM} where m.id = page.id) item
    order by page.listed_at, page.id`;
}

export const readMatchList = defineQuery({
  name: 'match.list',
  route: 'GET /api/match/list',
  summary:
    "Matches of feeds and of our own rooms that you may see, by the time that they are set for; `state` is a match's phase",
  roles: ROLES,
  boards: true,
  query: z.strictObject({ ...pageQuery([instant, id]), state: z.enum(PHASES).optional() }),
  target: () => null,
  answer: matchList,
  async read({ db, actor, query: { state, ...page } }) {
    const [after_time = null, after_id = null] = page.cursor ?? [];
    const values = [actor.id, actor.institution_id, actor.role, after_time, after_id, page.limit + 1];
    const text = withinPage(pageText(actor, state !== undefined));
    const { rows } = await db.query<ItemRow & { listed_at: string }>(text, state ? [...values, state] : values);
    const listed = ({ listed_at: _, ...row }: (typeof rows)[number]) => itemOf(row);
    return pageOf(rows, page, listed, (row) => [row.listed_at, row.id]);
  },
});

/** An assignment or a session that is named for it changes what is answered, and no version. */
const versionOf = ({ version, updated_at }: { version: number; updated_at: string }) =>
  `${version}-${Date.parse(updated_at)}`;

const DISPUTES = `
  select json_build_array(match_id, other_id) as match_ids, scores, found_at from match_disputes
  where (match_id = $1 or other_id = $1) and kept_until > clock_timestamp() order by found_at, match_id, other_id limit 50`;

export const readMatchDetails = defineQuery({
  name: 'match.get',
  route: 'GET /api/match/:match_id',
  summary: 'One match; for admins also what sources disagree about',
  roles: ROLES,
  boards: true,
  query: NO_QUERY,
  target: () => null,
  answer: matchAnswer,
  async read({ db, params: { match_id } }) {
    if (!isUuid(match_id)) return undefined;
    const { rows } = await db.query<ItemRow>(`${ITEM} where m.id = $1`, [match_id]);
    const disputes = await db.query<z.output<typeof matchAnswer>['disputes'][number]>(DISPUTES, [match_id]);
    return rows[0] && { ...itemOf(rows[0]), disputes: disputes.rows };
  },
  version: ({ disputes, ...match }) =>
    [versionOf(match), ...disputes.map(({ found_at }) => Date.parse(found_at))].join('-'),
});

export const readShownState = defineQuery({
  name: 'match.state',
  route: 'GET /api/match/:match_id/state',
  summary: 'The state of a match, and what is counted of it',
  roles: ROLES,
  boards: true,
  query: NO_QUERY,
  target: () => null,
  answer: stateAnswer,
  async read({ db, params: { match_id } }) {
    if (!isUuid(match_id)) return undefined;
    const text = 'select match_id, version, seq, state, stats, updated_at from match_state where match_id = $1';
    return (await db.query<z.output<typeof stateAnswer>>(text, [match_id])).rows[0];
  },
  version: versionOf,
});

const EVENTS = `
  select ${EVENT_COLUMNS} from match_events e where e.match_id = $1 and e.seq > $2 order by e.seq limit $3`;

export const readEventList = defineQuery({
  name: 'match.events',
  route: 'GET /api/match/:match_id/events',
  summary: 'What happened in a match, in order; what was derived says how sure it is',
  roles: ROLES,
  boards: true,
  query: z.strictObject(pageQuery([z.string().regex(/^\d{1,15}$/)])),
  target: () => null,
  answer: eventList,
  async read({ db, params: { match_id }, query }) {
    if (!isUuid(match_id) || !(await isThere(db, match_id))) return undefined;
    const [after = '0'] = query.cursor ?? [];
    const { rows } = await db.query<MatchEvent>(withinPage(EVENTS), [match_id, Number(after), query.limit + 1]);
    return pageOf(
      rows,
      query,
      (row) => row,
      (row) => [String(row.seq)],
    );
  },
});

async function isThere(db: Queryable, match_id: string): Promise<boolean> {
  return (await db.query('select from matches where id = $1', [match_id])).rowCount === 1;
}
