/** The bans of an institution, those that ask for review first, and within them the latest; a super_admin reads all. */
import { z } from 'zod';
import { type Actor, ADMINS } from '../../core/definitions/actor.ts';
import { type Page, pageOf, pageQuery } from '../../core/definitions/page.ts';
import { defineQuery } from '../../core/definitions/query.ts';
import type { Queryable } from '../../core/sql/queryable.ts';
import { bansAnswer } from './ban.ts';
import { isTold } from './subjects.ts';

const STATES = ['open', 'lifted', 'all'] as const;
type State = (typeof STATES)[number];

interface Row {
  id: string;
  subject: 'key' | 'address';
  value: string | null;
  rule: 'person';
  reason: string | null;
  until: string | null;
  review: boolean;
  state: 'open' | 'lifted' | 'ended';
  banned_at: string;
  banned_by: string;
}

const query = z.strictObject({
  state: z.enum(STATES).default('open'),
  ...pageQuery([z.enum(['true', 'false']), z.iso.datetime(), z.guid()]),
});

const CONDITIONS: Record<State, string> = {
  open: 'lifted_at is null and (until is null or until > clock_timestamp())',
  lifted: 'lifted_at is not null',
  all: 'true',
};

// Row security leaves those of the reader's institution.
const listOf = (state: State, isFirst: boolean) => `
  select id, subject, value, rule, reason, until, review, banned_at, banned_by,
    case when lifted_at is not null then 'lifted' when until <= clock_timestamp() then 'ended' else 'open' end as state
  from guard_bans
  where ${CONDITIONS[state]} and ($1 = 'super_admin' or owner = $2::uuid) and ${isTold('$4')}
    ${isFirst ? '' : 'and (review, banned_at, id) < ($5::boolean, $6::timestamptz, $7::uuid)'}
  order by review desc, banned_at desc, id desc limit $3`;

export const readBans = defineQuery({
  name: 'guard.bans',
  route: 'GET /api/guard/bans',
  summary: 'Bans, those that ask for review first',
  roles: ADMINS,
  query,
  target: () => null,
  answer: bansAnswer,
  async read({ db, actor, query: { state, ...page } }) {
    const rows = await readRows(db, actor, state, page);
    const keyOf = ({ review, banned_at, id }: Row) => [String(review), banned_at, id];
    return pageOf(
      rows,
      page,
      ({ subject, value, ...ban }) => ({ ...ban, key: null, address: null, [subject]: value }),
      keyOf,
    );
  },
});

async function readRows(db: Queryable, { id, role, institution_id }: Actor, state: State, page: Page): Promise<Row[]> {
  const { limit, cursor = [] } = page;
  const text = listOf(state, cursor.length === 0);
  return (await db.query<Row>(text, [role, institution_id, limit + 1, id, ...cursor])).rows;
}
