/** What a benchmark is told. */
export interface BenchOptions {
  /** How long each point is measured. */
  seconds: number;
  /** How often all of it is repeated; medians are shown. */
  rounds: number;
  connections: number[];
  /** How many the court has, one contestant for each. */
  lanes: number[];
  /** Names of contestants; all where there is none. */
  only: string[];
  /** Of the relay's benchmark; all where there is none. */
  parts: string[];
  /** Of the relay. */
  listeners: number;
  /** Of the record that is verified, of 500 events each. */
  sessions: number;
  /** Of the grown database: old events, of which half have a command, and how many sessions are under way. */
  old: number;
  underWay: number[];
  /** A point is measured again while the machine does more than this besides, as a share of its processors. */
  quiet: number;
  /** Of the gallery, the feeds and risk: everything once and small, to see that it runs. Its figures say nothing, and are not kept. */
  smoke: boolean;
  /** Aborted by Ctrl-C or SIGTERM; whatever was started is then stopped. */
  signal: AbortSignal;
}
