/**
 * How many commands of which noun people sent in which hour, counted from the inbox in bounded portions, from a mark. Ids grow
 * with time: what is ten minutes old is committed. Where threats are off nothing is counted, and nothing is made up for later.
 */
import type pg from 'pg';
import { firstIdOf } from '../../src/core/chain/ids.ts';
import { readClock } from '../../src/core/sql/databaseClock.ts';
import type { Queryable } from '../../src/core/sql/queryable.ts';
import { inTransaction } from '../../src/infra/postgres/database.ts';

const COMMANDS = 500;
const SETTLED_MS = 10 * 60_000;

/** One run at a time; nobody waits for it. */
const CLAIM = 'select after from threat_mark where one for update skip locked';

const COUNT = `
  with portion as materialized (
    select id, split_part(name, '.', 1) as noun, actor_id, actor_role, actor_institution_id, accepted_at
    from commands where id > $1 and id < $2 order by id limit ${COMMANDS}
  ), counted as (
    insert into threat_activity as a (institution_id, user_id, slot, noun, count)
    select p.actor_institution_id, p.actor_id::uuid, date_trunc('hour', p.accepted_at), p.noun, count(*)
    from portion p join institution_settings s on s.id = p.actor_institution_id and s.telemetry
    where p.actor_role in ('admin', 'judge', 'moderator', 'participant') group by 1, 2, 3, 4 order by 1, 2, 3, 4
    on conflict (institution_id, user_id, slot, noun) do update set count = a.count + excluded.count
  )
  select (select id from portion order by id desc limit 1) as last, (select count(*)::integer from portion) as read`;

/** @returns how many commands were looked at */
export async function countActivity(pool: pg.Pool, isOver: () => boolean): Promise<number> {
  const until = firstIdOf(Date.parse(await readClock(pool as never)) - SETTLED_MS);
  let counted = 0;
  for (let read = COMMANDS; read === COMMANDS && !isOver(); ) {
    read = await inTransaction(pool, (db) => countPortion(db, until));
    counted += read;
  }
  return counted;
}

async function countPortion(db: Queryable, until: string): Promise<number> {
  const { rows: marks } = await db.query<{ after: string }>(CLAIM);
  if (!marks[0]) return 0;
  const { rows } = await db.query<{ last: string | null; read: number }>(COUNT, [marks[0].after, until]);
  const { last, read } = rows[0]!;
  if (last !== null) await db.query('update threat_mark set after = $1 where one', [last]);
  return read;
}
