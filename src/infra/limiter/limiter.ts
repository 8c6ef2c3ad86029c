/** Rate limits: so many in a minute for each key. Two adapters, one contract test. */
export interface Limited {
  allowed: boolean;
  limit: number;
  remaining: number;
  /** Until the window ends. */
  reset_ms: number;
}

export interface Limiter {
  /** What it counts, in words. */
  what: string;
  consume(key: string): Promise<Limited>;
  close(): Promise<void>;
}

export interface LimiterOptions {
  /** How many a minute; 0 switches the limit off. */
  perMinute: number;
  prefix: string;
  /** Limiters of one prefix that count different things count apart. */
  what: 'requests' | 'uploads';
}
