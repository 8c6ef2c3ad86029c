/** The timetable with what became of each job's last tick, and who leads: read from what the leader wrote down. */
import { z } from 'zod';
import { at, count, named, text } from '../core/definitions/answers.ts';
import { EXAMPLE } from '../core/definitions/exampleValues.ts';
import { defineQuery, NO_QUERY } from '../core/definitions/query.ts';

/** An outcome is the tick's state: `waiting`, `running`, `succeeded`, `failed` or `skipped`; null before the first. */
const SCHEDULES = `
  select s.name, s.summary, s.cron, s.missed, s.queue,
    t.slot as last_slot, (extract(epoch from t.fired_at - t.slot) * 1000)::integer as lateness_ms,
    t.status as last_outcome, t.attempts as last_attempts, t.started_at as last_started_at,
    t.finished_at as last_finished_at, t.result as last_result, t.error as last_error,
    t.given_up + (t.status = 'skipped')::integer as passed_over, s.next_slot
  from schedules s
  left join lateral (
    select * from schedule_ticks where name = s.name and term is not null order by slot desc limit 1
  ) t on true
  order by s.name`;

/** Null where nobody leads. */
const LEADER = `
  select holder, term, acquired_at as leading_since, clock_skew_ms
  from leases where name = 'scheduler' and expires_at > clock_timestamp()`;

const leaderSchema = z.strictObject({
  holder: text,
  term: z.int(),
  leading_since: at,
  clock_skew_ms: z.int().nullable(),
});
type Leader = z.output<typeof leaderSchema>;

const schedule = z.strictObject({
  name: text,
  summary: text,
  cron: text,
  missed: text,
  queue: text,
  last_slot: at.nullable(),
  lateness_ms: z.int().nullable(),
  /** The tick's state: `waiting`, `running`, `succeeded`, `failed` or `skipped`. */
  last_outcome: text.nullable(),
  last_attempts: count.nullable(),
  last_started_at: at.nullable(),
  last_finished_at: at.nullable(),
  last_result: z.unknown(),
  last_error: text.nullable(),
  passed_over: count.nullable(),
  next_slot: at.nullable(),
});
type Schedule = z.output<typeof schedule>;

const timetable = named(
  'Timetable',
  z.strictObject({ leader: leaderSchema.nullable(), items: z.array(schedule), next_cursor: z.null() }),
  {
    leader: { holder: 'host-1:4711', term: 3, leading_since: EXAMPLE.started_at, clock_skew_ms: 2 },
    ...{ items: [], next_cursor: null },
  },
);

export const readSchedules = defineQuery({
  name: 'ops.schedules',
  route: 'GET /ops/schedules',
  summary: 'Timed jobs: when each last ran and will run next, how it ended, and which scheduler leads',
  roles: ['super_admin'],
  query: NO_QUERY,
  target: () => null,
  answer: timetable,
  async read({ db }) {
    const [leader, schedules] = await Promise.all([db.query<Leader>(LEADER), db.query<Schedule>(SCHEDULES)]);
    return { leader: leader.rows[0] ?? null, items: schedules.rows, next_cursor: null };
  },
});
