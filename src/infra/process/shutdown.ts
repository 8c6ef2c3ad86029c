/** Stopping: SIGTERM and SIGINT are heard from the first line on, and what was started is stopped in order. */
import type { Log } from '../telemetry/log.ts';

export interface Step {
  name: string;
  run(): Promise<unknown> | unknown;
}

/** Runs the steps one after the other; a step that fails is logged and does not keep the next from running. */
export async function stopInOrder(steps: Step[], log: Log): Promise<void> {
  for (const { name, run } of steps) {
    try {
      await run();
      log.debug({ step: name }, 'stopped');
    } catch (error) {
      log.error({ step: name, err: error }, 'could not stop cleanly');
    }
  }
}

/** Two of Ctrl-C closer than this are one: some wrappers pass on what the terminal sends us itself. */
const SAME_CTRL_C_MS = 1_000;

/**
 * To be called before anything is started: what is asked of the process while it starts is not lost.
 * @returns aborted by the first SIGTERM or SIGINT, with the signal as its reason; a second one ends the process at once
 */
export function catchStop(): AbortSignal {
  const stop = new AbortController();
  let caught_at = 0;
  const onSignal = (signal: NodeJS.Signals) => {
    const now = performance.now();
    if (!stop.signal.aborted) {
      caught_at = now;
      stop.abort(signal);
    } else if (signal !== 'SIGINT' || now - caught_at > SAME_CTRL_C_MS) {
      process.exit(1);
    }
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  return stop.signal;
}

/** Calls `act` once, when the signal is aborted, or now where it has been. */
export function whenAborted(stop: AbortSignal, act: () => void): void {
  if (stop.aborted) act();
  else stop.addEventListener('abort', act, { once: true });
}
