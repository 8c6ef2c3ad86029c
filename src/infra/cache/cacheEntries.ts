/** What keeps the entries of the cache, in Redis or in this process. */

/** Entries as texts, under `kind:id`, each with its end. A question throws where the server does not answer. */
export interface CacheEntries {
  /** @param slides_ms the entry lives so long from now on; as long as it had where it is 0 */
  get(key: string, slides_ms: number): Promise<string | undefined>;
  /** @param user_id of whom it speaks */
  put(key: string, text: string, ttl_ms: number, user_id: string | undefined): Promise<void>;
  /** @param shut_ms for so long nothing is put there */
  drop(key: string, shut_ms: number): Promise<void>;
  /** @param shut_ms for so long nothing is put that speaks of this user @returns how many entries did */
  dropUser(user_id: string, shut_ms: number): Promise<number>;
  read(): Promise<CacheStanding>;
  /** Removes what would stay for ever. */
  cleanUp(isOver: () => boolean): Promise<CacheSweep>;
  close(): void;
}

export interface CacheStanding {
  total_keys: number;
  /** Bytes: of the whole server, where that is Redis. */
  used_memory: number;
  hits: number;
  misses: number;
  /** Seconds since its start. */
  uptime: number;
}

export interface CacheSweep {
  before: number;
  after: number;
  removed: number;
}
