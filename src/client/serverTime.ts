/** The server's time, by its answers to PING: of two that took about as long to come, the later one counts. */

export interface ServerTime {
  /** @param sent_at and @param heard_at in ms of our own clock */
  learn(timestamp: unknown, sent_at: number, heard_at: number): void;
  now(): number;
}

const ABOUT_MS = 50;

export function createServerTime(): ServerTime {
  let ahead_ms = 0;
  let best_ms = Number.POSITIVE_INFINITY;

  function learn(timestamp: unknown, sent_at: number, heard_at: number): void {
    const time = Date.parse(String(timestamp));
    const took_ms = heard_at - sent_at;
    if (Number.isNaN(time) || took_ms > best_ms + ABOUT_MS) return;
    best_ms = Math.min(best_ms, took_ms);
    ahead_ms = time - (sent_at + heard_at) / 2;
  }

  return { learn, now: () => Date.now() + ahead_ms };
}
