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

export class Overflows {
  readonly #policy: SlowPolicy;
  readonly #metrics: Metrics;
  #recent: number[] | undefined;

  constructor(policy: SlowPolicy, metrics: Metrics) {
    this.#policy = policy;
    this.#metrics = metrics;
  }

  /** Counts one. @param now in milliseconds, never going back @returns what follows from it */
  decide(now = performance.now()): SlowPolicy['action'] {
    const { action } = this.#policy;
    this.#metrics.sent.overflows += 1;
    this.#metrics.overflows.inc({ policy: action });
    if (action !== 'drop_oldest') return action;
    this.#recent = [...(this.#recent ?? []).filter((before) => now - before < WITHIN_MS), now];
    return this.#recent.length < MANY ? action : 'disconnect';
  }
}
