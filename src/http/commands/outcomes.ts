/**
 * Waiting for outcomes: on this instance's own reply channel, and, because a reply may be lost, by asking Postgres in
 * one batch for whatever has been quiet for too long.
 */

import { type CommandState, STATE_COLUMNS } from '../../core/apply/inbox.ts';
import type { Queryable } from '../../core/sql/queryable.ts';
import { waitAtMost } from '../../core/withTimeout.ts';
import type { Broadcast } from '../../infra/broadcast/broadcast.ts';
import { parseReplies, type Reply, replyChannel } from '../../infra/broadcast/replies.ts';
import type { Log } from '../../infra/telemetry/log.ts';
import type { Metrics } from '../../infra/telemetry/metrics.ts';
import { timings } from '../../infra/timings.ts';
import { createWaiters, type Waiting } from './waiters.ts';

export interface Outcomes {
  /** To be called before the command is stored, so that no outcome is missed. */
  waitFor(id: string): Waiting;
  /** The process is about to stop: from now on no request waits for longer than a moment. */
  hurry(): void;
  close(): void;
}

interface OutcomesOptions {
  db: Queryable;
  broadcast: Broadcast;
  metrics: Metrics;
  log: Log;
}

export async function listenForOutcomes(
  instance: string,
  { db, broadcast, metrics, log }: OutcomesOptions,
): Promise<Outcomes> {
  const waiters = createWaiters();
  let nextPoll: NodeJS.Timeout | undefined;

  function waitFor(id: string): Waiting {
    nextPoll ??= setTimeout(pollQuiet, timings.door.quiet_ms).unref();
    return waiters.add(id);
  }

  /** Again and again while any request waits. */
  async function pollQuiet(): Promise<void> {
    const quiet = waiters.waitingFor(timings.door.quiet_ms);
    if (quiet.length > 0) await poll(quiet);
    nextPoll = waiters.isEmpty() ? undefined : setTimeout(pollQuiet, timings.door.quiet_ms).unref();
  }

  async function poll(quiet: string[]): Promise<void> {
    try {
      const text = `select ${STATE_COLUMNS} from commands where id = any($1) and status <> 'accepted'`;
      const { rows } = await db.query<CommandState>(text, [quiet]);
      metrics.replyPolls.inc(rows.length);
      for (const row of rows) waiters.deliver(replyOf(row)!);
    } catch (err) {
      log.debug({ err }, 'reading outcomes failed; polling again');
    }
  }

  // Without Redis there are no replies until it comes; the poll alone answers, and no start waits for a channel for long.
  let end = async () => {};
  const subscribed = broadcast
    .subscribe(replyChannel(instance), (text) => {
      for (const reply of parseReplies(text)) waiters.deliver(reply);
    })
    .then((unsubscribe) => {
      end = unsubscribe;
    })
    .catch((err) => log.warn({ err }, 'no reply channel; outcomes are read from Postgres'));
  await waitAtMost(subscribed, timings.door.subscribe_within_ms);

  function close(): void {
    waiters.giveUp();
    clearTimeout(nextPoll);
    // Not waited for: where Redis is away, no channel can be left.
    void end();
  }

  return { waitFor, hurry: () => waiters.limit(timings.door.last_wait_ms), close };
}

/** The outcome of a command that has one. */
export function replyOf({ id, status, attempts, finished_at, outcome }: CommandState): Reply | undefined {
  if (status === 'accepted' || finished_at === null || outcome === null) return undefined;
  return { id, status, attempts, finished_at, body: outcome };
}
