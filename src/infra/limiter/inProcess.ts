/**
 * Sliding windows in this process's memory, with the results that Redis would give. A flood of identifiers does not fill
 * the heap: beyond a bound the windows that were asked for the longest ago are forgotten.
 */
import type { Window, WindowState, Windows } from './limiter.ts';

export interface Bounds {
  windows: number;
  /** Of all windows together. */
  tries: number;
}

/** Some 20 MiB. */
const BOUNDS: Bounds = { windows: 50_000, tries: 1_000_000 };

/** @param clock in whole milliseconds */
export function createInProcessWindows(clock = () => Math.floor(performance.now()), bounds = BOUNDS): Windows {
  /** When the tries of each window were admitted, in order; the window asked for last is the last. */
  const windows = new Map<string, number[]>();
  let tries = 0;

  /** The tries of a window that it still counts. */
  function open({ key, window_ms }: Window, now: number): number[] {
    const times = windows.get(key) ?? [];
    const left = times.findIndex((time) => time > now - window_ms);
    const gone = left < 0 ? times.length : left;
    times.splice(0, gone);
    tries -= gone;
    for (let i = times.length - 1; i >= 0 && times[i]! > now; i -= 1) times[i] = now;
    windows.delete(key);
    if (times.length > 0) windows.set(key, times);
    return times;
  }

  function add(key: string, times: number[], now: number): void {
    times.push(now);
    windows.set(key, times);
    tries += 1;
    for (const [oldest, forgotten] of windows) {
      if (windows.size <= bounds.windows && tries <= bounds.tries) return;
      windows.delete(oldest);
      tries -= forgotten.length;
    }
  }

  return {
    async take(asked) {
      const now = clock();
      const opened = asked.map((window) => ({ ...window, times: open(window, now) }));
      const states = opened.map(({ limit, window_ms, times }): WindowState => {
        // Of a limit that was lowered since, more than the oldest must leave.
        const first = times[Math.max(0, times.length - limit)] ?? now;
        return { limit, remaining: limit - times.length - 1, reset_ms: first + window_ms - now };
      });
      let full = -1;
      for (const [i, { remaining, reset_ms }] of states.entries()) {
        if (remaining < 0 && (full < 0 || reset_ms > states[full]!.reset_ms)) full = i;
      }
      if (full >= 0) {
        const { limit, reset_ms } = states[full]!;
        return { full, limit, retry_after_ms: reset_ms };
      }
      for (const { key, times } of opened) add(key, times, now);
      return { states };
    },
    close: () => windows.clear(),
  };
}
