/**
 * The clockwork of the processes that tests start: as it is, but faster where a test would only wait. Processes that tests
 * start from what was built, and not as one file, keep the real one.
 */
import type { Timings } from '../../src/infra/timings.ts';

export function faster(usual: Timings): Timings {
  return {
    ...usual,
    leadership: { ...usual.leadership, lease_ms: 2_500, renew_every_ms: 700 },
    feeds: { ...usual.feeds, result_again_ms: 500 },
    heartbeat: { beat_every_ms: 500, silence_ms: 3_000, patience_ms: 900 },
  };
}
