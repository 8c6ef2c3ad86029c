/**
 * Sliding windows in this process's memory, with the results that Redis would give. A flood of identifiers does not fill
 * the heap: two generations of windows are kept, and with a third the windows are forgotten that were not asked for since
 * the second began.
 */
import type { Window, WindowState, Windows } from './limiter.ts';

/** Of both generations. Some 15 MiB. */
const MAX_WINDOWS = 50_000;

/** @param clock in whole milliseconds */
export function createInProcessWindows(
  clock = () => Math.floor(performance.now()),
  max_windows = MAX_WINDOWS,
): Windows {
  /** When the tries of each window were admitted, in order. */
  let young = new Map<string, number[]>();
  let old = new Map<string, number[]>();

  /** The tries of a window, and how many of them have left it. */
  function open({ key, window_ms }: Window, now: number): { times: number[]; gone: number } {
    const times = young.get(key) ?? old.get(key) ?? [];
    for (let i = times.length - 1; i >= 0 && times[i]! > now; i -= 1) times[i] = now;
    const left = times.findIndex((time) => time > now - window_ms);
    if (times.length > 0) keep(key, times);
    return { times, gone: left < 0 ? times.length : left };
  }

  function keep(key: string, times: number[]): void {
    young.set(key, times);
    if (young.size < max_windows / 2) return;
    old = young;
    young = new Map();
  }

  return {
    async take(asked) {
      const now = clock();
      const opened = asked.map((window) => ({ ...window, ...open(window, now) }));
      const states = opened.map(({ limit, window_ms, times, gone }): WindowState => {
        const count = times.length - gone;
        // Of a limit that was lowered since, more than the oldest must leave.
        const first = times[gone + Math.max(0, count - limit)] ?? now;
        return { limit, remaining: limit - count - 1, reset_ms: first + window_ms - now };
      });
      let full = -1;
      for (const [i, { remaining, reset_ms }] of states.entries()) {
        if (remaining < 0 && (full < 0 || reset_ms > states[full]!.reset_ms)) full = i;
      }
      if (full >= 0) {
        const { limit, reset_ms } = states[full]!;
        return { full, limit, retry_after_ms: reset_ms };
      }
      for (const { key, times, gone } of opened) {
        times.splice(0, gone);
        times.push(now);
        keep(key, times);
      }
      return { states };
    },
    close() {
      young.clear();
      old.clear();
    },
  };
}
