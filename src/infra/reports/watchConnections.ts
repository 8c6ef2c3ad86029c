/**
 * How many connections there are at all relays: read every two seconds, so that asking costs nothing. What was read last
 * holds for as long as a lease does; without a Redis that answers for longer, a process knows of its own alone.
 */
import { REPORT_LEASE_MS, type Reports } from './reports.ts';

export interface ConnectionsWatch {
  /** At all relays but the own. */
  elsewhere(): number;
  close(): void;
}

const EVERY_MS = 2_000;

/** @param own the id of this process, whose own count it knows better */
export function watchConnections(reports: Pick<Reports, 'reports'>, own: string): ConnectionsWatch {
  let counted = 0;
  let counted_at = Number.NEGATIVE_INFINITY;
  let isClosed = false;
  let timer: NodeJS.Timeout | undefined;

  async function count(): Promise<void> {
    try {
      const others = [...(await reports.reports())].filter(([relay]) => relay !== own);
      counted = others.reduce((sum, [, { connections }]) => sum + connections, 0);
      counted_at = performance.now();
    } catch {
      // That Redis is away is said elsewhere.
    }
    if (!isClosed) timer = setTimeout(() => void count(), EVERY_MS).unref();
  }

  void count();
  return {
    elsewhere: () => (performance.now() - counted_at < REPORT_LEASE_MS ? counted : 0),
    close() {
      isClosed = true;
      clearTimeout(timer);
    },
  };
}
