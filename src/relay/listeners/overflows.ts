/** What becomes of a listener that is more events behind than it may be, and when it is one time too many. */
import type { Config } from '../../infra/process/config.ts';
import type { Metrics } from '../../infra/telemetry/metrics.ts';

export interface SlowPolicy {
  /** How many events a listener may be behind; 0: as many as there are. */
  max: number;
  action: Config['WS_OVERFLOW_ACTION'];
}

const MANY = 3;
const WITHIN_MS = 60_000;

export interface Overflows {
  /** Counts one. @returns what follows from it */
  decide(): SlowPolicy['action'];
}

/** @param now in milliseconds, never going back */
export function createOverflows(
  { action }: SlowPolicy,
  metrics: Metrics,
  now: () => number = () => performance.now(),
): Overflows {
  let recent: number[] | undefined;

  function decide(): SlowPolicy['action'] {
    metrics.sent.overflows += 1;
    metrics.overflows.inc({ policy: action });
    if (action !== 'drop_oldest') return action;
    const at = now();
    recent = [...(recent ?? []).filter((before) => at - before < WITHIN_MS), at];
    return recent.length < MANY ? action : 'disconnect';
  }

  return { decide };
}
