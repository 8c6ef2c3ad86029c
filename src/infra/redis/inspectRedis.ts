/** A Redis server looked at once, as `plearoll doctor` does: which it is, and what speaks against it. */
import { Redis } from 'ioredis';
import { redisPlace } from '../telemetry/absence.ts';
import { timings } from '../timings.ts';
import { complaintOf, readTraits } from './redisFitness.ts';

/** @throws where it does not answer */
export async function inspectRedis(url: string, mayEvict: boolean): Promise<{ version: string; complaint?: string }> {
  const redis = new Redis(url, {
    lazyConnect: true,
    connectTimeout: timings.redis.connect_within_ms,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  let fault: Error | undefined;
  redis.on('error', (error) => {
    fault = error;
  });
  try {
    await redis.connect();
    const [, version = 'unknown'] = /^redis_version:(\S+)/m.exec(await redis.info('server')) ?? [];
    const complaint = complaintOf(await readTraits(redis), redisPlace(url), mayEvict);
    return { version, ...(complaint !== undefined && { complaint }) };
  } catch (error) {
    throw fault ?? error;
  } finally {
    redis.disconnect();
  }
}
