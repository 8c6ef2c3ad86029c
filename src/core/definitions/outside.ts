/** What lies outside of the record, and is looked at while a request is served: by means that no module knows. */
export interface Outside {
  /** Why a worker would not ask at this address; undefined where it would. Names are resolved, and nothing is sent. */
  faultOfAddress(url: string): Promise<string | undefined>;
  /** Why there is no such secret of the institution for this address; undefined where there is one. */
  faultOfSecret(institution_id: string, name: string, url: string): Promise<string | undefined>;
  /** How these feeds do just now, in their order. */
  readPaces(feeds: readonly string[]): Promise<FeedPace[]>;
  /** Is this the name of a command that people send, or `<noun>.*` of one? */
  isCommand(name: string): boolean;
}

export interface FeedPace {
  /** In basis points. */
  health: number;
  breaker: 'closed' | 'open' | 'half_open';
  /** Requests in the minute under way, and how many there may be. */
  quota: { limit: number; used: number };
}
