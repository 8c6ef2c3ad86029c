/** Stopping: SIGTERM and SIGINT run the steps in order, within the grace period, and the process ends with code 0. */
import type { Log } from './log.ts';

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

/** @param stop must be safe to call once; a second signal ends the process at once */
export function stopOnSignal(stop: () => Promise<void>, graceSeconds: number, log: Log): void {
  let stopping = false;
  const onSignal = (signal: NodeJS.Signals) => {
    if (stopping) process.exit(1);
    stopping = true;
    log.info({ signal }, 'stopping');
    const deadline = setTimeout(() => {
      log.error('the grace period is over');
      process.exit(1);
    }, graceSeconds * 1_000);
    deadline.unref();
    void stop().then(() => process.exit(0));
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
}
