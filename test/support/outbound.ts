/** A way out to servers of a test's own, on this machine. */
import { onTestFinished } from 'vitest';
import { createNetworks } from '../../src/infra/outbound/networks.ts';
import { createOutbounds, type Outbounds, type OutboundsOptions, type Way } from '../../src/infra/outbound/outbound.ts';
import { createMetrics } from '../../src/infra/telemetry/metrics.ts';

const LOOPBACK = ['127.0.0.0/8', '::1/128'];
/** Nothing that is asked for is waited for in vain; what a server asks to wait is cut short. */
export const PATIENT = { connect_ms: 20_000, whole_ms: 20_000, most_wait_ms: 5 };
/** For servers that say nothing. */
export const HASTY = { connect_ms: 20_000, whole_ms: 250, most_wait_ms: 5 };

/** Closed after the test. */
export function useOutbounds(
  options: Partial<OutboundsOptions> = {},
): Outbounds & { metrics: ReturnType<typeof createMetrics> } {
  const metrics = createMetrics();
  const outbounds = createOutbounds({ networks: createNetworks(LOOPBACK), metrics, waits: PATIENT, ...options });
  onTestFinished(() => outbounds.close());
  return { ...outbounds, metrics };
}

/** The way of one feed, with that site's token. */
export function wayTo({ url, token }: { url: string; token?: string }, way: Partial<Way> = {}): Way {
  return { feed_id: 'a-feed', base_url: url, ...(token !== undefined && { authorization: `Token ${token}` }), ...way };
}
