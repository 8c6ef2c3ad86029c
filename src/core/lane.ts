/**
 * A lane gathers what arrives while its last batch is under way and runs it as one batch: no timer, no added wait when
 * idle, bigger batches under load. Order is kept; every item is settled exactly once.
 */

interface Item<T, R> {
  value: T;
  resolve(result: R | Promise<R>): void;
  reject(reason: unknown): void;
}

export interface Lane<T, R> {
  push(value: T): Promise<R>;
  /** Resolves when everything pushed so far has run. */
  idle(): Promise<void>;
}

/**
 * @param max largest batch
 * @param run gets 1..max values in order and answers one result for each, or the promise of one that the next batch
 * need not wait for; when it throws, `isShared` decides
 * @param isShared true when a fault concerns the whole batch (a lost connection); otherwise the batch is halved until
 * the item that causes the fault stands alone
 * @param soon begins an idle lane's batch: by default after this round of the event loop, with all that came in it
 */
export function createLane<T, R>(
  max: number,
  run: (values: T[]) => Promise<(R | Promise<R>)[]>,
  isShared: (fault: unknown) => boolean,
  soon: (begin: () => void) => void = setImmediate,
): Lane<T, R> {
  let waiting: Item<T, R>[] = [];
  let running: Promise<void> | undefined;

  function push(value: T): Promise<R> {
    const settled = new Promise<R>((resolve, reject) => waiting.push({ value, resolve, reject }));
    running ??= new Promise<void>((resolve) => soon(() => void drain().then(resolve)));
    return settled;
  }

  async function drain(): Promise<void> {
    while (waiting.length > 0) {
      const batch = waiting.slice(0, max);
      waiting = waiting.slice(max);
      await settle(batch);
    }
    running = undefined;
  }

  async function settle(batch: Item<T, R>[]): Promise<void> {
    try {
      const results = await run(batch.map((item) => item.value));
      batch.forEach((item, i) => {
        item.resolve(results[i]!);
      });
    } catch (fault) {
      if (batch.length === 1 || isShared(fault)) {
        for (const item of batch) item.reject(fault);
        return;
      }
      const middle = Math.ceil(batch.length / 2);
      await settle(batch.slice(0, middle));
      await settle(batch.slice(middle));
    }
  }

  async function idle(): Promise<void> {
    while (running) await running;
  }

  return { push, idle };
}
