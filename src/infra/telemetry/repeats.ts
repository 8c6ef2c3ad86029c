/**
 * What was said already: the same again is due after five seconds, then after ten, at most once a minute, and at once
 * after a silence.
 */
export interface Repeats {
  /** @returns how often it was kept back since it was last told; undefined where it is to be kept back now */
  tell(key: string): number | undefined;
}

const FIRST_WAIT_MS = 5_000;
const MOST_WAIT_MS = 60_000;
/** Lines that name a command are different every time. */
const MOST_KEPT = 500;

interface Told {
  due: number;
  wait_ms: number;
  kept_back: number;
}

export function createRepeats(now: () => number = () => performance.now()): Repeats {
  const told = new Map<string, Told>();

  function tell(key: string): number | undefined {
    const at = now();
    const last = told.get(key);
    if (last !== undefined && at < last.due) {
      last.kept_back += 1;
      return undefined;
    }
    const isNew = last === undefined || at >= last.due + last.wait_ms;
    const wait_ms = isNew ? FIRST_WAIT_MS : Math.min(2 * last.wait_ms, MOST_WAIT_MS);
    told.delete(key);
    told.set(key, { due: at + wait_ms, wait_ms, kept_back: 0 });
    if (told.size > MOST_KEPT) told.delete(told.keys().next().value!);
    return last?.kept_back ?? 0;
  }

  return { tell };
}
