/**
 * Deadlines are kept: after the commit that sets one, a delayed job is left for that instant, and every worker looks twice
 * a second for turns whose time is up, so that a lost job, or all of Redis, costs about a second. Both only send
 * `turn.expire`, under a key of turn and deadline; where the deadline was moved, they find nothing to do.
 */
import type { Job } from 'bullmq';
import { NIL_ID } from '../../src/core/chain/ids.ts';
import type { Queryable } from '../../src/core/sql/queryable.ts';
import { expireTurn } from '../../src/court/turns/expireTurn.ts';
import { isUnavailable } from '../../src/infra/postgres/database.ts';
import type { Log } from '../../src/infra/telemetry/log.ts';
import type { JobTools } from '../job.ts';
import type { OverdueWork } from '../overduePoll.ts';
import { sendDue } from '../send/sendDue.ts';
import type { Deadline } from './leaveDeadlines.ts';

export interface Expirer {
  /** When a deadline's job is due. */
  answer(job: Job<Deadline>): Promise<{ sent: number }>;
  /** Every turn whose time is up, by the database's clock, and that nobody has flagged yet. */
  watched: OverdueWork;
  close(): void;
}

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
        if (!isUnavailable(err)) throw err;
        log.debug({ err, ...data }, 'expiring turn failed; the overdue poll finds it');
        return { sent: 0 };
      }
    },
    watched: { name: 'deadlines', waits: TURNS_WAIT, poll: async () => void (await expire(DUE, BEFORE_ALL)) },
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
