/** The sequencer as work that is polled for: passes until nothing is left, at most half of the time while there is much. */
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { readClock } from '../../src/core/sql/databaseClock.ts';
import { timings } from '../../src/infra/timings.ts';
import type { JobTools } from '../job.ts';
import type { OverdueWork } from '../overduePoll.ts';
import { keepFindings } from '../verify/storeFindings.ts';
import { measureLag } from './measureLag.ts';
import { type Pass, sequenceLog } from './sequenceLog.ts';

/** What findings of it are kept under. */
const NAME = 'sequence.log';

export type SequencerTools = Pick<JobTools, 'pool' | 'broadcast' | 'metrics' | 'log'>;

export interface Sequencer {
  watched: OverdueWork;
  /** Begins no more passes, and measures no more. */
  close(): void;
}

const WAITS = `
  exists (select from log_queue where id > (select low_water from log_state where one))
  or exists (select from log_state where one and sweep_due <= clock_timestamp())`;

/** @param tools with a pool of role `worker` */
export function createSequencer(tools: SequencerTools): Sequencer {
  let closing = false;
  void measure();
  const measuring = setInterval(() => void measure(), timings.signing.lag_every_ms).unref();

  async function measure(): Promise<void> {
    const measured = measureLag(tools.pool as never).then((seconds) => tools.metrics.checkpointLag.set(seconds));
    await measured.catch((err) => tools.log.debug({ err }, 'measuring checkpoint lag failed'));
  }

  async function poll(): Promise<void> {
    while (!closing) {
      const started = performance.now();
      const pass = await sequenceOnce(tools);
      if (!pass?.isFull) return;
      // What came before the log is many passes: commands and readers get the other half of the time.
      await sleep(performance.now() - started);
    }
  }

  const close = () => {
    closing = true;
    clearInterval(measuring);
  };
  return { watched: { name: 'log', waits: WAITS, poll }, close };
}

/** One pass, and what is said of it. */
export async function sequenceOnce(tools: SequencerTools): Promise<Pass | undefined> {
  const { pool, metrics, log } = tools;
  const checked_at = await readClock(pool);
  const pass = await sequenceLog(pool as pg.Pool);
  if (pass === undefined) return undefined;
  metrics.logSize.set(pass.size);
  if (pass.held.length + pass.freed.length === 0) return pass;
  const wrong = pass.held.map(({ stream, text }) => ({ stream, issues: [text], issues_omitted: 0 }));
  await keepFindings(tools, NAME, checked_at, wrong);
  log.error({ streams: pass.held.length, freed: pass.freed.length }, 'streams held back from the log');
  return pass;
}
