/**
 * What may be cached, and for how long: all of it in one place. Of some, each look makes it last longer. Of devices, addresses and
 * where those are nothing is kept so far: docs/assurance.md says why.
 */

export const CACHE_KINDS = {
  behavioral_model: { ttl_seconds: 3_600, slides: false },
  context_score: { ttl_seconds: 300, slides: false },
  threat_predictions: { ttl_seconds: 1_800, slides: false },
  session: { ttl_seconds: 3_600, slides: true },
  device_profile: { ttl_seconds: 7_200, slides: false },
  policy_performance: { ttl_seconds: 1_800, slides: false },
  session_risk: { ttl_seconds: 300, slides: false },
  topology: { ttl_seconds: 60, slides: false },
  ip_reputation: { ttl_seconds: 3_600, slides: false },
  geolocation: { ttl_seconds: 86_400, slides: false },
} as const;

export type CacheKind = keyof typeof CACHE_KINDS;

/** Nothing is kept for longer, and no list of what is kept of a user. */
export const LONGEST_MS = 86_400_000;
