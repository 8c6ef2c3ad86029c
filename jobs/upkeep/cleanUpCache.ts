/** What the cache would keep for ever: keys of ours that nobody gave an end, as of another version or a hand. */
import { defineJob } from '../job.ts';

export const cleanUpCache = defineJob({
  name: 'cleanup_cache',
  summary: 'Removes keys of the cache that have no end',
  most_ms: 5 * 60_000,
  async run({ cache, log, isOver }) {
    try {
      return { ...(await cache.cleanUp(isOver)) };
    } catch (err) {
      log.warn({ err }, 'cache not cleaned up');
      return { skipped: 'the cache does not answer' };
    }
  },
});
