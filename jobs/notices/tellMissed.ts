/**
 * Finds what people were not told of, because a worker died or had no room: goes on in the log from where the last run ended.
 * Places in the log are given to what is committed, so that nothing that comes late is passed by.
 */
import type { Queryable } from '../../src/core/sql/queryable.ts';
import { quietly } from '../../src/infra/console/tellConsole.ts';
import { defineJob } from '../job.ts';
import { readLastResult } from '../verify/lastResult.ts';
import { type TellingEvent, TOLD_OF, tellingOf } from './noticeOf.ts';
import { tellPeople } from './tellPeople.ts';

const NAME = 'notices.missed';
const AT_ONCE = 500;
/** Nobody is told of what is older. */
const TOLD_FOR_MS = 24 * 3_600_000;

/** The place after the last that was looked at, and the events among those that somebody is told of. */
const LOOK = {
  name: 'find-missed-notices',
  text: `
    with looked as materialized (
      select index, stream, sequence from log_leaves where index >= $1 order by index limit ${AT_ONCE}
    )
    select (select max(index) + 1 from looked) as next, clock_timestamp() as now,
      coalesce((select json_agg(json_build_object('stream', e.stream, 'event_id', e.event_id, 'event_type', e.event_type,
          'occurred_at', e.occurred_at, 'payload', p.payload) order by l.index)
        from looked l join events e on e.stream = l.stream and e.sequence = l.sequence and e.event_type = any($2)
        left join event_payloads p on p.stream = e.stream and p.sequence = e.sequence), '[]') as events`,
};

interface Portion {
  next: number | null;
  now: string;
  events: (Omit<TellingEvent, 'payload'> & { payload: string | null })[];
}

export const tellMissed = defineJob({
  name: NAME,
  summary: 'Tells followers, and people concerned, of what they were not told when it happened',
  most_ms: 60_000,
  async run({ pool, broadcast, progress, isOver }) {
    const publish = quietly(broadcast);
    let position = await startAt(pool);
    let told = 0;
    while (!isOver()) {
      const { rows } = await pool.query<Portion>({ ...LOOK, values: [position, TOLD_OF] });
      const { next, now, events } = rows[0]!;
      if (next === null) break;
      const oldest = Date.parse(now) - TOLD_FOR_MS;
      for (const event of events) {
        const telling = Date.parse(event.occurred_at) < oldest ? undefined : tellingOf(readable(event));
        if (telling) told += await tellPeople(pool, publish, telling);
      }
      position = next;
      await progress(position);
    }
    return { position, told };
  },
});

/** A payload that somebody has made unreadable is verification's to find. */
function readable({ payload, ...event }: Portion['events'][number]): TellingEvent {
  try {
    return { ...event, payload: payload === null ? null : JSON.parse(payload) };
  } catch {
    return { ...event, payload: null };
  }
}

/** The first run leaves what was there before it. */
async function startAt(db: Queryable): Promise<number> {
  const { position } = await readLastResult(db, NAME);
  if (typeof position === 'number') return position;
  const { rows } = await db.query<{ size: number }>('select size from log_state where one');
  return rows[0]!.size;
}
