/** What a benchmark is told. */
import type { ServerName } from './servers.ts';

export interface BenchOptions {
  /** How long each point is measured. */
  seconds: number;
  /** How often all of it is repeated; medians are shown. */
  rounds: number;
  connections: number[];
  only: ServerName[];
  /** A point is measured again while the machine does more than this besides, as a share of its processors. */
  quiet: number;
  /** Aborted by Ctrl-C or SIGTERM; whatever was started is then stopped. */
  signal: AbortSignal;
}
