/** Requests of this instance that wait for the outcome of their command, until it comes or their time is over. */
import type { Reply } from '../../infra/broadcast/replies.ts';

export interface Waiting<Outcome = Reply> {
  /** The outcome, or undefined when it has not come within so many milliseconds. */
  within(ms: number): Promise<Outcome | undefined>;
  cancel(): void;
}

interface Waiter<Outcome> {
  since: number;
  resolve(reply: Outcome | undefined): void;
}

export function createWaiters<Outcome extends { id: string } = Reply>() {
  const waiters = new Map<string, Set<Waiter<Outcome>>>();
  let patience_ms = Number.POSITIVE_INFINITY;

  function add(id: string): Waiting<Outcome> {
    let timer: NodeJS.Timeout | undefined;
    let resolve: (reply: Outcome | undefined) => void = () => {};
    const replied = new Promise<Outcome | undefined>((resolveReply) => {
      resolve = resolveReply;
    });
    const waiter: Waiter<Outcome> = { since: performance.now(), resolve };
    waiters.set(id, (waiters.get(id) ?? new Set()).add(waiter));
    const cancel = () => {
      clearTimeout(timer);
      const group = waiters.get(id);
      group?.delete(waiter);
      if (group?.size === 0) waiters.delete(id);
      resolve(undefined);
    };
    const within = (ms: number) => {
      timer = setTimeout(cancel, Math.min(ms, patience_ms));
      return replied.finally(() => clearTimeout(timer));
    };
    return { within, cancel };
  }

  function deliver(reply: Outcome): void {
    for (const waiter of waiters.get(reply.id) ?? []) waiter.resolve(reply);
    waiters.delete(reply.id);
  }

  /** Commands for which a request has waited for so long. */
  function waitingFor(quiet_ms: number): string[] {
    const before = performance.now() - quiet_ms;
    return [...waiters].filter(([, group]) => [...group].some(({ since }) => since < before)).map(([id]) => id);
  }

  function giveUp(): void {
    for (const group of waiters.values()) for (const waiter of group) waiter.resolve(undefined);
    waiters.clear();
  }

  /** From now on no request waits for longer than this. */
  function limit(ms: number): void {
    patience_ms = ms;
    setTimeout(giveUp, ms).unref();
  }

  return { add, deliver, waitingFor, isEmpty: () => waiters.size === 0, giveUp, limit };
}
