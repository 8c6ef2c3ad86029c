/** After the commit that sets a turn's deadline a delayed job is left for that instant; how late it was met is measured. */
import type { Decided } from '../../src/core/apply/decideBatch.ts';
import { idOf } from '../../src/core/definitions/stream.ts';
import type { SessionState } from '../../src/court/sessions/session.ts';
import { deadlineOf } from '../../src/court/turns/clock.ts';
import { turnExpired } from '../../src/court/turns/expireTurn.ts';
import { activeTurn } from '../../src/court/turns/turn.ts';
import type { Follower } from '../apply/follower.ts';

export interface Deadline {
  session_id: string;
  turn_id: string;
  deadline: string;
}

/** The job's name, beside the doorbells of its queue: those are named after commands. */
export const DEADLINE = 'turn.deadline';
/** What sets a deadline or moves it is among these; none has a name that a custom event may have. */
const TOUCHES_CLOCK = /^(TURN_|OBJECTION_|SESSION_RESUMED$)/;

/** For each deadline that is set after this commit, where it may be a new one. A job id that the queue keeps is left alone. */
export const leaveDeadlines: Follower = (decided, { queues, log }) =>
  deadlinesIn(decided).map(async ({ delay, ...data }) => {
    try {
      await queues.queue('commands').add(DEADLINE, data, { jobId: deadlineJobId(data), delay });
    } catch (err) {
      log.debug({ err }, 'queueing deadline failed; the overdue poll finds the turn');
    }
  });

function deadlinesIn({ exported, moved }: Decided): (Deadline & { delay: number })[] {
  const deadlines: (Deadline & { delay: number })[] = [];
  for (const [stream, events] of exported) {
    if (!events.some(({ event_type }) => TOUCHES_CLOCK.test(event_type))) continue;
    const { head, state } = moved.get(stream)!;
    const turn = activeTurn((state as SessionState).turns);
    const deadline = turn && turn.expired_at === null ? deadlineOf(turn) : null;
    if (!turn || deadline === null) continue;
    // Both by the database's clock; the worker's may be another.
    const delay = Math.max(0, Date.parse(deadline) - Date.parse(head.occurred_at!));
    deadlines.push({ session_id: idOf(stream), turn_id: turn.id, deadline, delay });
  }
  return deadlines;
}

export const observeLateness: Follower = ({ exported }, { metrics }) => {
  for (const events of exported.values()) {
    for (const { event_type, occurred_at, payload } of events) {
      if (event_type !== turnExpired.type) continue;
      metrics.turnLateness.observe((Date.parse(occurred_at) - Date.parse(payload!.deadline as string)) / 1_000);
    }
  }
  return [];
};

export function deadlineJobId({ turn_id, deadline }: Deadline): string {
  return `deadline-${turn_id}-${Date.parse(deadline)}`;
}
