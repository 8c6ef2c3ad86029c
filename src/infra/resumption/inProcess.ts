/** Resumption within one process, for the embedded mode, and for a process whose Redis is away. */
import type { Resumption, ResumptionOptions } from './resumption.ts';

export interface InProcessResumption extends Resumption {
  /** Those of these that are good. */
  good(keys: readonly string[]): string[];
}

export function createInProcessResumption({ lease_ms, beyond_ms }: ResumptionOptions): InProcessResumption {
  /** Until when each is good. */
  const tickets = new Map<string, number>();
  const now = () => performance.now();
  const isGood = (key: string) => (tickets.get(key) ?? 0) > now();
  const good = (keys: readonly string[]) => keys.filter(isGood);

  async function hold(keys: readonly string[]): Promise<void> {
    for (const key of keys) tickets.set(key, now() + lease_ms);
  }

  async function renew(keys: readonly string[]): Promise<void> {
    await hold(good(keys));
    for (const key of tickets.keys()) if (!isGood(key)) tickets.delete(key);
  }

  async function release(keys: readonly string[]): Promise<void> {
    for (const key of good(keys)) tickets.set(key, now() + beyond_ms);
  }

  async function drop(keys: readonly string[]): Promise<void> {
    for (const key of keys) tickets.delete(key);
  }

  async function take(key: string): Promise<boolean> {
    const wasGood = isGood(key);
    tickets.delete(key);
    return wasGood;
  }

  return { hold, renew, release, drop, take, good, close: async () => tickets.clear() };
}
