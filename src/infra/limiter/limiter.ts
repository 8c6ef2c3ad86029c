/**
 * Rate limits as sliding windows: so many tries within any stretch of `window_ms`. A try is counted in all of the windows
 * that it names, or refused and counted in none.
 */

/** What is limited, and thereby what counts it: connections at relays, the rest at APIs. */
export const COUNTED_BY = {
  ws_connections_per_user: 'relay',
  ws_connections_per_ip: 'relay',
  objection_raise: 'api',
  exhibit_upload: 'api',
  contact_reveal: 'api',
  telemetry: 'api',
  general_api: 'api',
  general_reads: 'api',
} as const;

export type LimitType = keyof typeof COUNTED_BY;

export interface Try {
  type: LimitType;
  /** A user or an address: limits of one type count identifiers apart. */
  identifier: string;
  /** 0 is no limit. */
  limit: number;
  window_ms: number;
}

/** How a window stands after a try. */
export interface WindowState {
  limit: number;
  remaining: number;
  /** Until there is room for one more than now. */
  reset_ms: number;
}

export type Verdict =
  /** The window with the least left; none where nothing is limited. */
  | { admitted: true; tightest?: WindowState }
  /** Of several full windows the one that has room last: sooner, a try would be refused again. */
  | { admitted: false; type: LimitType; limit: number; retry_after_ms: number };

export interface Limiter {
  /** Never throws, and takes no longer than a Redis is waited for. @param tries of windows that differ */
  take(tries: readonly Try[]): Promise<Verdict>;
  close(): void;
}

/** A window as it is kept. */
export interface Window {
  /** `{type}:{identifier}`, of bounded length. */
  key: string;
  /** More than 0. */
  limit: number;
  window_ms: number;
}

/** Which window is full, by its place among those asked for, or how all of them stand. */
export type Taken = { full: number; limit: number; retry_after_ms: number } | { states: WindowState[] };

/** Where windows are kept. Two adapters with equal results. */
export interface Windows {
  take(windows: readonly Window[]): Promise<Taken>;
  close(): void;
}
