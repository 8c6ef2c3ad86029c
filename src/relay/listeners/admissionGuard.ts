/**
 * What stands before admission and costs next to nothing: a relay that stops admits nobody, no more than so many are
 * admitted at a time, and an address that was refused again and again is not looked at for a while.
 */
import { LRUCache } from 'lru-cache';
import { Problem } from '../../core/definitions/problem.ts';
import { type Addresses, limitKey } from '../../infra/addresses.ts';
import { asProblem } from '../../infra/asProblem.ts';
import type { Metrics } from '../../infra/telemetry/metrics.ts';
import type { Admit, Admitted, Request } from './admission.ts';
import { isExempt, retryAfter } from './admissionLimits.ts';

/** @param admit given the real address */
export type GuardAdmission = (admit: Admit) => Admit;

export interface AdmissionGuardOptions {
  addresses: Addresses;
  isDraining(): boolean;
  metrics: Pick<Metrics, 'admissions'>;
  mostUnderWay?: number;
  mostRefused?: number;
}

/** Each holds a connection and waits for Postgres or Redis. */
const MOST_UNDER_WAY = 1_000;
/** Of one address in one window. */
const MOST_REFUSED = 100;
const WINDOW_MS = 10_000;
const ADDRESSES_KEPT = 10_000;
const MAX_RETRY_MS = 5_000;
/** Beyond these the fault is not the client's. */
const FIRST_OTHER_STATUS = 429;

/** One for all kinds of rooms: they share what it counts. */
export function createAdmissionGuard(options: AdmissionGuardOptions): GuardAdmission {
  const { addresses, isDraining, metrics, mostUnderWay = MOST_UNDER_WAY, mostRefused = MOST_REFUSED } = options;
  // A window begins with its first refusal.
  const refused = new LRUCache<string, number>({ max: ADDRESSES_KEPT, ttl: WINDOW_MS, noUpdateTTL: true });
  let underWay = 0;

  async function admitCounted(admit: Admit, request: Request): Promise<Admitted> {
    const { transport } = request;
    try {
      const admitted = await admitGuarded(admit, request);
      metrics.admissions.inc({ transport, result: admitted.resumed ? 'resumed' : 'new' });
      return admitted;
    } catch (error) {
      const { code, limit } = asProblem(error).body;
      metrics.admissions.inc({ transport, result: typeof limit === 'string' ? limit : code });
      throw error;
    }
  }

  async function admitGuarded(admit: Admit, request: Request): Promise<Admitted> {
    if (isDraining()) throw new Problem('unavailable', 'This relay is stopping.', {}, retryAfter(jittered()));
    if (underWay >= mostUnderWay) {
      throw new Problem('backlog', 'Too many connections are being admitted just now.', {}, retryAfter(jittered()));
    }
    const key = isExempt(addresses, request.address) ? undefined : limitKey(request.address);
    if (key !== undefined) demandPatience(key);
    underWay += 1;
    try {
      return await admit(request);
    } catch (error) {
      if (key !== undefined && asProblem(error).body.status < FIRST_OTHER_STATUS) count(key);
      throw error;
    } finally {
      underWay -= 1;
    }
  }

  /** @throws {Problem} 429 */
  function demandPatience(key: string): void {
    if ((refused.get(key) ?? 0) < mostRefused) return;
    const detail = 'Too many connections from this address were refused just now.';
    throw new Problem('rate_limited', detail, { limit: 'refusals' }, retryAfter(refused.getRemainingTTL(key)));
  }

  function count(key: string): void {
    refused.set(key, (refused.get(key) ?? 0) + 1);
  }

  return (admit) => (request) => admitCounted(admit, request);
}

function jittered(): number {
  return Math.random() * MAX_RETRY_MS;
}
