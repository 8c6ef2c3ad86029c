/**
 * A batcher gathers what arrives while its last batch is under way and runs it as one batch: no timer, no added wait when
 * idle, bigger batches under load. Order is kept; every item has exactly one result.
 */

interface Item<T, R> {
  value: T;
  weight: number;
  resolve(result: R | Promise<R>): void;
  reject(reason: unknown): void;
}

export interface Batcher<T, R> {
  push(value: T): Promise<R>;
  /** Resolves when everything pushed so far has run. */
  idle(): Promise<void>;
}

/** What bounds a batcher beside the number of a batch. */
export interface Bounds<T> {
  weigh(value: T): number;
  /** Of a batch; one that weighs more by itself goes alone. */
  batch_weight: number;
  /** Of all that waits. */
  waiting_weight: number;
  waiting: number;
}

const NO_BOUNDS: Bounds<unknown> = {
  weigh: () => 0,
  ...{ batch_weight: Infinity, waiting_weight: Infinity, waiting: Infinity },
};

/** What was pushed was not taken: nothing of it is or will be under way. */
export class LaneFull extends Error {}

/**
 * @param max largest batch
 * @param run gets 1..max values in order and answers one result for each, or the promise of one that the next batch
 * need not wait for; when it throws, `isShared` decides
 * @param isShared true when a fault concerns the whole batch (a lost connection); otherwise the batch is halved until
 * the item that causes the fault stands alone
 * @param soon begins a batch: by default after this round of the event loop, with all that came in it
 * @param bounds where more may come than can be run: what is over them is not taken
 */
export function createBatcher<T, R>(
  max: number,
  run: (values: T[]) => Promise<(R | Promise<R>)[]>,
  isShared: (fault: unknown) => boolean,
  soon: (begin: () => void) => void = setImmediate,
  bounds: Bounds<T> = NO_BOUNDS,
): Batcher<T, R> {
  let waiting: Item<T, R>[] = [];
  let waiting_weight = 0;
  let running: Promise<void> | undefined;

  function push(value: T): Promise<R> {
    const weight = bounds.weigh(value);
    if (waiting.length >= bounds.waiting || waiting_weight + weight > bounds.waiting_weight) {
      return Promise.reject(new LaneFull('more waits already than can be run soon'));
    }
    const result = new Promise<R>((resolve, reject) => waiting.push({ value, weight, resolve, reject }));
    waiting_weight += weight;
    running ??= new Promise<void>((resolve) => soon(() => void runAll().then(resolve)));
    return result;
  }

  async function runAll(): Promise<void> {
    while (waiting.length > 0) {
      await runBatch(take());
      if (waiting.length > 0) await new Promise<void>(soon);
    }
    running = undefined;
  }

  function take(): Item<T, R>[] {
    let count = 0;
    let weight = 0;
    while (count < Math.min(max, waiting.length)) {
      weight += waiting[count]!.weight;
      if (count > 0 && weight > bounds.batch_weight) break;
      count += 1;
    }
    const batch = waiting.slice(0, count);
    waiting = waiting.slice(count);
    for (const item of batch) waiting_weight -= item.weight;
    return batch;
  }

  async function runBatch(batch: Item<T, R>[]): Promise<void> {
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
      await runBatch(batch.slice(0, middle));
      await runBatch(batch.slice(middle));
    }
  }

  async function idle(): Promise<void> {
    while (running) await running;
  }

  return { push, idle };
}

/**
 * For `soon`: a batch right away where the last one began long enough ago, else when that is so. What one alone asks for
 * waits for nothing, and a crowd is a few batches a second, however quickly each is answered.
 */
export function apart(least_ms: number): (begin: () => void) => void {
  let isResting = false;
  let next: (() => void) | undefined;

  function start(begin: () => void): void {
    isResting = true;
    setTimeout(() => {
      isResting = false;
      const waiting = next;
      next = undefined;
      if (waiting) start(waiting);
    }, least_ms);
    begin();
  }

  return (begin) => {
    if (isResting) next = begin;
    else setImmediate(start, begin);
  };
}
