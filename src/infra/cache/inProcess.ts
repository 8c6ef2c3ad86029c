/** The cache where one process is all there is: a bounded number of texts, of which the one put there longest ago makes room. */
import type { CacheEntries } from './cacheEntries.ts';

/** Of a quarter of a megabyte at most; together they have no more than the second of these. */
const MOST_ENTRIES = 10_000;
const MOST_BYTES = 32 * 1_048_576;

interface Entry {
  text: string;
  ends_at: number;
  user_id: string | undefined;
}

/** @param clock in milliseconds, which never goes back */
export function createInProcessEntries(
  clock: () => number = () => performance.now(),
  { most = MOST_ENTRIES, most_bytes = MOST_BYTES } = {},
): CacheEntries {
  const entries = new Map<string, Entry>();
  /** Where, or of whom, nothing is put until then; the one that was dropped longest ago comes first. */
  const shut = new Map<string, number>();
  const started = clock();
  let bytes = 0;
  let [hits, misses] = [0, 0];

  function remove(key: string): boolean {
    const entry = entries.get(key);
    if (!entry) return false;
    bytes -= sizeOf(entry);
    return entries.delete(key);
  }

  function removeWhere(isOut: (entry: Entry) => boolean): number {
    const out = [...entries].filter(([, entry]) => isOut(entry));
    for (const [key] of out) remove(key);
    return out.length;
  }

  function shutFor(key: string, ms: number): void {
    shut.delete(key);
    shut.set(key, clock() + ms);
    for (const [oldest, until] of shut) {
      if (until > clock() && shut.size <= most) break;
      shut.delete(oldest);
    }
  }

  const isShut = (key: string) => (shut.get(key) ?? 0) > clock();
  const removeEnded = () => removeWhere(({ ends_at }) => ends_at <= clock());

  return {
    async get(key, slides_ms) {
      const entry = entries.get(key);
      if (entry && entry.ends_at <= clock()) remove(key);
      const found = entries.get(key);
      if (found) hits += 1;
      else misses += 1;
      if (found && slides_ms > 0) found.ends_at = clock() + slides_ms;
      return found?.text;
    },
    async put(key, text, ttl_ms, user_id) {
      if (isShut(key) || (user_id !== undefined && isShut(userOf(user_id)))) return;
      remove(key);
      const entry = { text, ends_at: clock() + ttl_ms, user_id };
      entries.set(key, entry);
      bytes += sizeOf(entry);
      for (const oldest of entries.keys()) {
        if (entries.size <= most && bytes <= most_bytes) break;
        remove(oldest);
      }
    },
    async drop(key, shut_ms) {
      remove(key);
      shutFor(key, shut_ms);
    },
    async dropUser(user_id, shut_ms) {
      shutFor(userOf(user_id), shut_ms);
      return removeWhere((entry) => entry.user_id === user_id);
    },
    async read() {
      removeEnded();
      return {
        ...{ total_keys: entries.size, used_memory: bytes, hits, misses },
        uptime: Math.floor((clock() - started) / 1_000),
      };
    },
    async cleanUp() {
      const before = entries.size;
      const removed = removeEnded();
      return { before, after: before - removed, removed };
    },
    close() {},
  };
}

/** Like no key. */
function userOf(user_id: string): string {
  return `user ${user_id}`;
}

/** As the engine keeps it, about. */
function sizeOf({ text }: Entry): number {
  return 2 * text.length;
}
