/**
 * Deadlines are kept: after the commit that sets one, a delayed job is left for that instant, and every worker looks twice
 * a second for turns whose time is up, so that a lost job, or all of Redis, costs about a second. Both only send
 * `turn.expire`, under a key of turn and deadline; where the deadline was moved, they find nothing to do.
 */
import type { Job } from 'bullmq';
import type { Decided } from '../../src/core/apply/decideBatch.ts';
import { NIL_ID } from '../../src/core/chain/ids.ts';
import { idOf } from '../../src/core/definitions/stream.ts';
import type { Queryable } from '../../src/core/sql/queryable.ts';
import type { SessionState } from '../../src/court/sessions/session.ts';
import { deadlineOf } from '../../src/court/turns/clock.ts';
import { expireTurn, turnExpired } from '../../src/court/turns/expireTurn.ts';
import { activeTurn } from '../../src/court/turns/turn.ts';
import { isConnectionFault, isTransientFault } from '../../src/infra/postgres/database.ts';
import type { Queues } from '../../src/infra/queue/queue.ts';
import type { Log } from '../../src/infra/telemetry/log.ts';
import type { Metrics } from '../../src/infra/telemetry/metrics.ts';
import type { JobTools } from '../job.ts';
import type { OverdueWork } from '../overduePoll.ts';
import { sendDue } from '../send/sendDue.ts';

export interface Deadline {
  session_id: string;
  turn_id: string;
  deadline: string;
}

export interface Expirer {
  /** When a deadline's job is due. */
  answer(job: Job<Deadline>): Promise<{ sent: number }>;
  /** Every turn whose time is up, by the database's clock, and that nobody has flagged yet. */
  watched: OverdueWork;
  close(): void;
}

/** The job's name, beside the doorbells of its queue: those are named after commands. */
export const DEADLINE = 'turn.deadline';
/** What sets a deadline or moves it is among these; none has a name that a custom event may have. */
const TOUCHES_CLOCK = /^(TURN_|OBJECTION_|SESSION_RESUMED$)/;

interface Due extends Deadline {
  sequence: number;
  is_long_due: boolean;
}

const dueTurns = (condition: string) => `
  select t.session_id, t.id as turn_id, t.deadline, h.sequence,
    t.deadline < clock_timestamp() - interval '10 seconds' as is_long_due
  from session_turns t join streams h on h.stream = 'session:' || t.session_id
  where t.deadline <= (select clock_timestamp()) and t.expired_at is null and ${condition}
  order by t.deadline, t.id limit $3`;
const DUE = { name: 'find-due-turns', text: dueTurns('(t.deadline, t.id) > ($1, $2::uuid)') };
const DUE_OF_JOB = { name: 'find-due-turn', text: dueTurns('t.deadline = $1 and t.id = $2') };
const TURNS_WAIT = `
  exists (select from session_turns t where t.deadline <= (select clock_timestamp()) and t.expired_at is null)`;
const BEFORE_ALL = { deadline: '-infinity', turn_id: NIL_ID };

interface ExpirerOptions {
  db: Queryable;
  send: JobTools['send'];
  log: Log;
}

export function createExpirer({ db, send, log }: ExpirerOptions): Expirer {
  let closing = false;
  const tools = { send, progress: async () => {}, isOver: () => closing };

  const expire = (statement: typeof DUE, from: Pick<Deadline, 'deadline' | 'turn_id'>) =>
    sendDue<Due>(
      tools,
      async (last, limit) => {
        const { deadline, turn_id } = last ?? from;
        return (await db.query<Due>({ ...statement, values: [deadline, turn_id, limit] })).rows;
      },
      orderOf,
    );

  return {
    async answer({ data }) {
      try {
        const { sent } = await expire(DUE_OF_JOB, data);
        return { sent: sent as number };
      } catch (err) {
        // The look each second finds the turn as soon as there is a database again: nobody need look at a failed job.
        if (!isConnectionFault(err) && !isTransientFault(err)) throw err;
        log.debug({ err, ...data }, 'a deadline was left to the sweep');
        return { sent: 0 };
      }
    },
    watched: { name: 'deadlines', waits: TURNS_WAIT, look: async () => void (await expire(DUE, BEFORE_ALL)) },
    close() {
      closing = true;
    },
  };
}

/**
 * Where the command came between a pause and its end it was refused, though the deadline may be the same again: what is
 * due for long is sent once more for each event recorded since.
 */
function orderOf({ session_id, turn_id, deadline, sequence, is_long_due }: Due): Parameters<JobTools['send']>[0] {
  const key = `${expireTurn.name} ${turn_id} ${deadline}${is_long_due ? ` ${sequence}` : ''}`;
  return { name: expireTurn.name, input: { session_id, turn_id, deadline }, key };
}

/** Leaves a job for each deadline that stands after this commit, where it may be a new one. A kept id is left alone. */
export function leaveDeadlines(queues: Queues, { exported, moved }: Decided): Promise<unknown>[] {
  const added: Promise<unknown>[] = [];
  for (const [stream, events] of exported) {
    if (!events.some(({ event_type }) => TOUCHES_CLOCK.test(event_type))) continue;
    const { head, state } = moved.get(stream)!;
    const turn = activeTurn((state as SessionState).turns);
    const deadline = turn && turn.expired_at === null ? deadlineOf(turn) : null;
    if (!turn || deadline === null) continue;
    const data: Deadline = { session_id: idOf(stream), turn_id: turn.id, deadline };
    // Both by the database's clock; the worker's may be another.
    const delay = Math.max(0, Date.parse(deadline) - Date.parse(head.occurred_at!));
    added.push(queues.queue('commands').add(DEADLINE, data, { jobId: deadlineJobId(data), delay }));
  }
  return added;
}

export function observeLateness({ turnLateness }: Metrics, exported: Decided['exported']): void {
  for (const events of exported.values()) {
    for (const { event_type, occurred_at, payload } of events) {
      if (event_type !== turnExpired.type) continue;
      turnLateness.observe((Date.parse(occurred_at) - Date.parse(payload!.deadline as string)) / 1_000);
    }
  }
}

export function deadlineJobId({ turn_id, deadline }: Deadline): string {
  return `deadline-${turn_id}-${Date.parse(deadline)}`;
}
