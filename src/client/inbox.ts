/** What came over a connection is heard one after the other, also where hearing takes a while. */
import { LineLost } from './endings.ts';

/** @param data of one frame. A promise where the next has to wait. @throws what ends the connection */
export type Hear = (data: unknown) => Promise<void> | undefined;

/** More than this waits only while events are fetched that the server left out; they will be sent again. */
const MAX_WAITING = 5_000;

export function createInbox(onFault: (error: Error) => void) {
  let waiting: unknown[] = [];
  let hear: Hear | undefined;
  let onEmpty: (() => void) | undefined;
  let isHearing = false;
  let isOver = false;

  function put(data: unknown): void {
    if (isOver) return;
    waiting.push(data);
    if (waiting.length > MAX_WAITING) onFault(new LineLost('Too much came while events were fetched.'));
    else void work();
  }

  async function work(): Promise<void> {
    if (isHearing || !hear) return;
    isHearing = true;
    try {
      for (let next = 0; next < waiting.length && !isOver; next += 1) {
        const pause = hear(waiting[next]);
        if (!pause) continue;
        waiting = waiting.slice(next + 1);
        next = -1;
        await pause;
      }
      waiting = [];
    } catch (error) {
      onFault(error as Error);
    }
    isHearing = false;
    onEmpty?.();
  }

  return {
    put,
    hearWith(given: Hear) {
      hear = given;
      void work();
    },
    /** Calls back when nothing waits any more. */
    atEnd(callback: () => void) {
      onEmpty = callback;
      if (!isHearing) callback();
    },
    stop() {
      isOver = true;
      waiting = [];
    },
  };
}
