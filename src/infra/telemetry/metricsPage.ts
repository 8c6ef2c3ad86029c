/** The text of `/metrics`. Collecting takes milliseconds; however often it is asked for, it is done once in a while. */
import { timings } from '../timings.ts';
import type { Metrics } from './metrics.ts';

export function createMetricsPage({ registry }: Metrics): () => Promise<Buffer> {
  let kept: Promise<Buffer> | undefined;
  let collected = 0;
  return () => {
    const now = performance.now();
    if (kept && now - collected < timings.probe.metrics_kept_ms) return kept;
    collected = now;
    kept = registry.metrics().then((text) => Buffer.from(text));
    // What failed is tried again at once.
    kept.catch(() => {
      kept = undefined;
    });
    return kept;
  };
}
