/** Says in the log when a store goes away and when it is back, once each, however often it is looked for meanwhile. */
import type { Log } from './log.ts';

export interface Absence {
  isAway(): boolean;
  /** By performance.now(); undefined while it is there. */
  since(): number | undefined;
  /** It was looked for in vain. */
  away(fault: unknown): void;
  /** It answered. */
  back(): void;
}

/** @param store what it is and where, without passwords */
export function createAbsence(store: string, log: Pick<Log, 'warn' | 'info'>): Absence {
  let since: number | undefined;

  function away(fault: unknown): void {
    if (since !== undefined) return;
    since = performance.now();
    // Only what it says: the error of a pool carries its whole client along.
    const { message, code } = fault as NodeJS.ErrnoException;
    log.warn({ err: { message, code } }, `${store} is away`);
  }

  function back(): void {
    if (since === undefined) return;
    const away_seconds = Math.round((performance.now() - since) / 100) / 10;
    since = undefined;
    log.info({ away_seconds }, `${store} is back`);
  }

  return { isAway: () => since !== undefined, since: () => since, away, back };
}

/** Where a URL leads: host, port and database; never its user or password. */
export function placeOf(url: string, usualPort: number): string {
  const { hostname, port, pathname, searchParams } = new URL(url);
  const host = hostname || searchParams.get('host') || 'localhost';
  return `${host}:${port || usualPort}${pathname === '/' ? '' : pathname}`;
}

export const postgresPlace = (url: string) => placeOf(url, 5_432);
