/**
 * How many new connections one user and one address may make in an hour. Both are asked at once: one that is refused is
 * counted in neither. Coming back with a resume ticket is no new connection.
 */
import { Problem } from '../../core/definitions/problem.ts';
import { type Addresses, limitKey } from '../../infra/addresses.ts';
import type { Limiter, Try } from '../../infra/limiter/limiter.ts';
import { isLoopback } from '../../infra/loopback.ts';
import type { Config } from '../../infra/process/config.ts';

/** @param user_id undefined where nobody knows who it is. @throws {Problem} 429 */
export type DemandRoom = (user_id: string | undefined, address: string) => Promise<void>;

const HOUR_MS = 3_600_000;
const OF_ONE = { ws_connections_per_user: 'of one user', ws_connections_per_ip: 'from one address' } as const;

export interface AdmissionLimitsOptions {
  limiter: Pick<Limiter, 'take'>;
  addresses: Pick<Addresses, 'isAllowlisted'>;
  config: Pick<Config, 'WS_MAX_CONNECTIONS_PER_USER' | 'WS_MAX_CONNECTIONS_PER_IP'>;
}

export function createAdmissionLimits({ limiter, addresses, config }: AdmissionLimitsOptions): DemandRoom {
  const { WS_MAX_CONNECTIONS_PER_USER, WS_MAX_CONNECTIONS_PER_IP } = config;

  return async (user_id, address) => {
    const tries: Try[] = [];
    if (user_id !== undefined) tries.push(limitOf('ws_connections_per_user', user_id, WS_MAX_CONNECTIONS_PER_USER));
    if (!isExempt(addresses, address)) {
      tries.push(limitOf('ws_connections_per_ip', limitKey(address), WS_MAX_CONNECTIONS_PER_IP));
    }
    const verdict = await limiter.take(tries);
    if (verdict.admitted) return;
    const { type, limit, retry_after_ms } = verdict;
    const detail = `At most ${limit} new connections ${OF_ONE[type as keyof typeof OF_ONE]} in an hour.`;
    throw new Problem('rate_limited', detail, { limit: type, retry_after_ms }, retryAfter(retry_after_ms));
  };
}

/** No limit by address counts it. */
export function isExempt({ isAllowlisted }: Pick<Addresses, 'isAllowlisted'>, address: string): boolean {
  return isLoopback(address) || isAllowlisted(address);
}

export function retryAfter(ms: number): Record<string, string> {
  return { 'Retry-After': String(Math.max(1, Math.ceil(ms / 1_000))) };
}

function limitOf(type: Try['type'], identifier: string, limit: number): Try {
  return { type, identifier, limit, window_ms: HOUR_MS };
}
