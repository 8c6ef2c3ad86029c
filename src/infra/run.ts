/** Running a process: read the settings, start, wait for a signal, stop in order. Bad settings are all named at once. */
import { type Config, ConfigError, readConfig, type Topology } from './config.ts';
import type { Log } from './log.ts';
import { type Step, stopInOrder, stopOnSignal } from './shutdown.ts';

export interface Started {
  log: Log;
  steps: Step[];
}

export async function runProcess(topology: Topology, start: (config: Config) => Promise<Started>): Promise<void> {
  try {
    const config = readConfig(process.env, topology);
    const { log, steps } = await start(config);
    stopOnSignal(() => stopInOrder(steps, log), config.SHUTDOWN_GRACE_SECONDS, log);
  } catch (error) {
    console.error(error instanceof ConfigError ? error.message : `Plearoll could not start: ${describe(error)}`);
    process.exit(1);
  }
}

function describe(error: unknown): string {
  const { message, stack } = error as Error;
  return process.env.LOG_LEVEL === 'debug' ? (stack ?? message) : message || String(error);
}
