/**
 * Waiting for outcomes: on this instance's own reply channel, and, because a reply may be lost, by asking Postgres in
 * one batch for whatever has been quiet for too long.
 */
import { type CommandState, STATE_COLUMNS } from '../../core/apply/inbox.ts';
import type { Queryable } from '../../core/sql/queryable.ts';
import type { Broadcast } from '../../infra/broadcast/broadcast.ts';
import { parseReplies, type Reply, replyChannel } from '../../infra/broadcast/replies.ts';
import type { Log } from '../../infra/telemetry/log.ts';
import type { Metrics } from '../../infra/telemetry/metrics.ts';

const QUIET_MS = 250;
const SUBSCRIBE_WITHIN_MS = 1_000;
const LAST_WAIT_MS = 2_000;

export interface Waiting {
  /** The outcome, or undefined when it has not come within so many milliseconds. */
  within(ms: number): Promise<Reply | undefined>;
  cancel(): void;
}

export interface Outcomes {
  /** To be called before the command is stored, so that no outcome is missed. */
  expect(id: string): Waiting;
  /** The process is about to stop: from now on nobody waits for longer than a moment. */
  hurry(): void;
  close(): void;
}

interface Waiter {
  since: number;
  settle(reply: Reply | undefined): void;
}

export async function listenForOutcomes(
  instance: string,
  { db, broadcast, metrics, log }: { db: Queryable; broadcast: Broadcast; metrics: Metrics; log: Log },
): Promise<Outcomes> {
  const waiters = new Map<string, Set<Waiter>>();
  let nextPoll: NodeJS.Timeout | undefined;
  let patience_ms = Number.POSITIVE_INFINITY;

  function expect(id: string): Waiting {
    let timer: NodeJS.Timeout | undefined;
    let settle: (reply: Reply | undefined) => void = () => {};
    const settled = new Promise<Reply | undefined>((resolve) => {
      settle = resolve;
    });
    const waiter: Waiter = { since: performance.now(), settle };
    waiters.set(id, (waiters.get(id) ?? new Set()).add(waiter));
    nextPoll ??= setTimeout(pollQuiet, QUIET_MS).unref();
    const cancel = () => {
      clearTimeout(timer);
      const group = waiters.get(id);
      group?.delete(waiter);
      if (group?.size === 0) waiters.delete(id);
      settle(undefined);
    };
    return {
      cancel,
      within: (ms) => {
        timer = setTimeout(cancel, Math.min(ms, patience_ms));
        return settled.finally(() => clearTimeout(timer));
      },
    };
  }

  function deliver(reply: Reply): void {
    for (const waiter of waiters.get(reply.id) ?? []) waiter.settle(reply);
    waiters.delete(reply.id);
  }

  /** Again and again for as long as anybody waits. */
  async function pollQuiet(): Promise<void> {
    const before = performance.now() - QUIET_MS;
    const quiet = [...waiters]
      .filter(([, group]) => [...group].some((waiter) => waiter.since < before))
      .map(([id]) => id);
    if (quiet.length > 0) await poll(quiet);
    nextPoll = waiters.size > 0 ? setTimeout(pollQuiet, QUIET_MS).unref() : undefined;
  }

  async function poll(quiet: string[]): Promise<void> {
    try {
      const text = `select ${STATE_COLUMNS} from commands where id = any($1) and status <> 'accepted'`;
      const { rows } = await db.query<CommandState>(text, [quiet]);
      metrics.replyPolls.inc(rows.length);
      for (const row of rows) deliver(replyOf(row)!);
    } catch (err) {
      log.debug({ err }, 'outcomes could not be read; asking again');
    }
  }

  // Without Redis there are no replies until it comes; the poll alone answers, and nobody waits for a channel to start.
  let end = async () => {};
  const subscribed = broadcast
    .subscribe(replyChannel(instance), (text) => {
      for (const reply of parseReplies(text)) deliver(reply);
    })
    .then((unsubscribe) => {
      end = unsubscribe;
    })
    .catch((err) => log.warn({ err }, 'no reply channel; outcomes are read from Postgres'));
  await Promise.race([subscribed, new Promise((resolve) => setTimeout(resolve, SUBSCRIBE_WITHIN_MS))]);

  function giveUp(): void {
    for (const group of waiters.values()) for (const waiter of group) waiter.settle(undefined);
    waiters.clear();
  }

  function hurry(): void {
    patience_ms = LAST_WAIT_MS;
    setTimeout(giveUp, LAST_WAIT_MS).unref();
  }

  function close(): void {
    giveUp();
    clearTimeout(nextPoll);
    // Not waited for: where Redis is away, no channel can be left.
    void end();
  }

  return { expect, hurry, close };
}

/** The outcome of a command that has one. */
export function replyOf({ id, status, attempts, finished_at, outcome }: CommandState): Reply | undefined {
  if (status === 'accepted' || finished_at === null || outcome === null) return undefined;
  return { id, status, attempts, finished_at, body: outcome };
}
