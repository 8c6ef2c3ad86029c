/**
 * How many may wait for an outcome at once, of one caller and in all. Beyond that nobody waits: the answer is 202, with
 * the place to ask.
 */
const MOST = 10_000;
const MOST_PER_CALLER = 2_500;

export interface Waits {
  /** Ends the wait that it begins; undefined where there is no room for one. */
  begin(caller: string): (() => void) | undefined;
}

export function createWaits(most = MOST, mostPerCaller = MOST_PER_CALLER): Waits {
  const callers = new Map<string, number>();
  let waiting = 0;
  return {
    begin(caller) {
      const own = callers.get(caller) ?? 0;
      if (waiting >= most || own >= mostPerCaller) return undefined;
      waiting += 1;
      callers.set(caller, own + 1);
      return () => {
        waiting -= 1;
        const left = callers.get(caller)! - 1;
        if (left === 0) callers.delete(caller);
        else callers.set(caller, left);
      };
    },
  };
}
