/** Values with an end, in this process's memory and of a bounded number: those that have ended make room for others. */

export interface Expiring<Value> {
  /** Undefined where there is none, and where its end has come. */
  get(key: string): Value | undefined;
  /** How long it lives yet; 0 where there is none. */
  left(key: string): number;
  /** @returns false where there is no room */
  set(key: string, value: Value, lives_ms: number): boolean;
  hasRoomFor(key: string): boolean;
  delete(key: string): void;
}

/** A flood finds what is full, and must not make it be walked through each time. */
const SWEEP_EVERY_MS = 1_000;

export function createExpiring<Value>(clock: () => number, most: number): Expiring<Value> {
  const entries = new Map<string, { value: Value; ends_at: number }>();
  let swept_at = Number.NEGATIVE_INFINITY;

  function find(key: string) {
    const entry = entries.get(key);
    if (entry === undefined || entry.ends_at > clock()) return entry;
    entries.delete(key);
    return undefined;
  }

  function hasRoomFor(key: string): boolean {
    if (entries.size < most || entries.has(key)) return true;
    const now = clock();
    if (Math.abs(now - swept_at) < SWEEP_EVERY_MS) return false;
    swept_at = now;
    for (const [one, { ends_at }] of entries) if (ends_at <= now) entries.delete(one);
    return entries.size < most;
  }

  return {
    get: (key) => find(key)?.value,
    left: (key) => (find(key)?.ends_at ?? clock()) - clock(),
    set(key, value, lives_ms) {
      if (!hasRoomFor(key)) return false;
      entries.set(key, { value, ends_at: clock() + lives_ms });
      return true;
    },
    hasRoomFor,
    delete: (key) => void entries.delete(key),
  };
}
