/**
 * What the commands of a day came to, counted piece by piece and the newest first: however many there are, no statement
 * takes long, and where the time is over before the day is, what was counted is of its end. Ids grow with time, so that a
 * piece is found without an index of its own.
 */
import { firstIdOf } from '../../src/core/chain/ids.ts';
import { readClock } from '../../src/core/sql/databaseClock.ts';
import type { Queryable } from '../../src/core/sql/queryable.ts';
import type { HealthFacts } from './assessHealth.ts';

const DAY_MS = 86_400_000;
/** At ten thousand commands a second it is six million rows, some seconds of reading. */
const PIECE_MS = 10 * 60_000;
/** How far an API's clock, which makes the ids, may be from the database's, and how long a command may be under way. */
const ID_SLACK_MS = 3_600_000;
/** Beyond every id. */
const LAST_ID = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

// In milliseconds up to ten seconds, and in whole seconds beyond: of rows that are as many as differ.
export const READ_PIECE = `
  with piece as (
    select status, (1000 * extract(epoch from finished_at - accepted_at))::bigint as ms
    from commands where id >= $1 and id < $2 and accepted_at > $3
  )
  select status, case when ms < 10000 then ms else ms - ms % 1000 end as took_ms, count(*) as count
  from piece group by 1, 2`;

type Counted = HealthFacts['commands'];

interface Group {
  status: string;
  /** Null while it has no outcome. */
  took_ms: number | null;
  count: number;
}

/** @param isOver asked before each piece but the first */
export async function countCommands(db: Queryable, isOver: () => boolean): Promise<Counted> {
  const now_ms = Date.parse(await readClock(db));
  const since = new Date(now_ms - DAY_MS).toISOString();
  const groups: Group[] = [];
  let end = LAST_ID;
  let begin_ms = now_ms - PIECE_MS;
  for (const first_ms = now_ms - DAY_MS - ID_SLACK_MS; begin_ms + PIECE_MS > first_ms; begin_ms -= PIECE_MS) {
    if (end !== LAST_ID && isOver()) break;
    const begin = firstIdOf(begin_ms);
    groups.push(
      ...(await db.query<Group>({ name: 'count-commands', text: READ_PIECE, values: [begin, end, since] })).rows,
    );
    end = begin;
  }
  const hours = Math.min(24, (now_ms - begin_ms - PIECE_MS) / 3_600_000);
  return { ...countedOf(groups), hours: Math.floor(hours * 10) / 10 };
}

function countedOf(groups: readonly Group[]): Omit<Counted, 'hours'> {
  const of = (...wanted: string[]) =>
    groups.reduce((sum, { status, count }) => (wanted.length === 0 || wanted.includes(status) ? sum + count : sum), 0);
  return {
    accepted: of(),
    applied: of('applied'),
    rejected: of('rejected'),
    dead: of('dead'),
    p99_ms: p99Of(groups.flatMap(({ took_ms, count }) => (took_ms === null ? [] : [{ took_ms, count }]))),
  };
}

/** What 99 of a hundred did not exceed; null where there is none. */
function p99Of(groups: { took_ms: number; count: number }[]): number | null {
  const all = groups.reduce((sum, { count }) => sum + count, 0);
  let below = 0;
  for (const { took_ms, count } of groups.toSorted((a, b) => a.took_ms - b.took_ms)) {
    below += count;
    if (below >= 0.99 * all) return took_ms;
  }
  return null;
}
