/** How the last result of a match came out that an admin handed in. */
import type { z } from 'zod';
import { isUuid } from '../../core/chain/ids.ts';
import { ADMINS } from '../../core/definitions/actor.ts';
import { defineQuery, NO_QUERY } from '../../core/definitions/query.ts';
import { resultAnswer } from './matchResults.ts';

/** Row security leaves those of the reader's institution. Whether it is being sent just now is nobody's business. */
const LAST = `
  select id, match_id, hash, confirm, case state when 'posting' then 'waiting' else state end as state,
    ballot_id, why, handed_at, settled_at
  from match_results where match_id = $1 order by handed_at desc, id desc limit 1`;

export const readResult = defineQuery({
  name: 'match.handed',
  route: 'GET /api/match/:match_id/result',
  summary: 'The result that was handed in last for a match, and whether it has arrived',
  roles: ADMINS,
  query: NO_QUERY,
  target: () => null,
  answer: resultAnswer,
  async read({ db, params: { match_id } }) {
    if (!isUuid(match_id)) return undefined;
    const read = { name: 'read-result-of-match', text: LAST, values: [match_id] };
    return (await db.query<z.output<typeof resultAnswer>>(read)).rows[0];
  },
});
