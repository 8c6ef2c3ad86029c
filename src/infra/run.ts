/** Running a process: read the settings, start, wait for a signal, stop in order. Bad settings are all named at once. */
import { type Config, ConfigError, readConfig, type Topology } from './config.ts';
import type { Log } from './log.ts';
import { maskPasswords } from './redaction.ts';
import { demandSchema } from './schema.ts';
import { type Step, stopInOrder, stopOnSignal } from './shutdown.ts';

export interface Started {
  log: Log;
  steps: Step[];
}

export async function runProcess(topology: Topology, start: (config: Config) => Promise<Started>): Promise<void> {
  try {
    const config = readConfig(process.env, topology);
    if (topology === 'separate') await demandSchema(config.DATABASE_URL!);
    const { log, steps } = await start(config);
    endOnFault(log);
    stopOnSignal(() => stopInOrder(steps, log), config.SHUTDOWN_GRACE_SECONDS, log);
  } catch (error) {
    console.error(error instanceof ConfigError ? error.message : `Plearoll could not start: ${describe(error)}`);
    process.exit(1);
  }
}

/** What nobody caught leaves the process in a state that nobody knows. It is said in the log, redacted as all of it is. */
function endOnFault(log: Log): void {
  process.on('uncaughtException', (err) => {
    log.fatal({ err }, 'a fault that nobody caught');
    process.exit(1);
  });
}

/** For whoever starts it, at his own terminal: he may read addresses, and needs to. */
function describe(error: unknown): string {
  const { message, stack } = error as Error;
  return maskPasswords(process.env.LOG_LEVEL === 'debug' ? (stack ?? message) : message || String(error));
}
