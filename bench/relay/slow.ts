/** Fifty listeners that read nothing any more, through 30,000 events: what they weigh, and what the others notice. */
import type { Grounds } from '../grounds.ts';
import { percentile } from '../report.ts';
import type { Contestant } from './contestants.ts';
import { lateness, untilQuiet } from './fanout.ts';
import { recordAtRate } from './pace.ts';
import { openStage, type Stage } from './stage.ts';

export interface SlowResult {
  contestant: Contestant;
  events: number;
  /** Of the relay: resident memory that was added with the stalled ones there. */
  grown_mib: number;
  /** Of the healthy: before anybody stalled, and after. */
  p99_before_ms: number;
  p99_after_ms: number;
  closed: number;
}

const STALLED = 50;
const HEALTHY = 50;

export async function measureSlow(
  grounds: Grounds,
  contestant: Contestant,
  signal: AbortSignal,
  per_second: number,
  events: number,
): Promise<SlowResult> {
  const stage = await openStage(grounds, contestant, signal);
  try {
    const dockets = stage.dockets.slice(0, 1);
    await stage.join({ listeners: STALLED + HEALTHY, at_once: HEALTHY, dockets });
    // What is not compiled yet would count as lateness.
    await measureLateness(stage, per_second, events / 10);
    const p99_before_ms = await measureLateness(stage, per_second, events / 10);
    const { mib } = stage.relay();
    stage.tell({ order: 'stall', listeners: STALLED });
    await recordAtRate(stage, per_second, (events - events / 10) / per_second, dockets);
    await untilQuiet(stage);
    await stage.stamps();
    const p99_after_ms = await measureLateness(stage, per_second, events / 10);
    const { closed } = await stage.count();
    return { contestant, events, grown_mib: stage.relay().mib - mib, p99_before_ms, p99_after_ms, closed };
  } finally {
    await stage.leave();
  }
}

async function measureLateness(stage: Stage, per_second: number, events: number): Promise<number> {
  const dockets = stage.dockets.slice(0, 1);
  await recordAtRate(stage, per_second, events / per_second, dockets);
  const count = await untilQuiet(stage);
  const late = lateness(count, await stage.stamps(), [`session:${dockets[0]!.session_id}`]);
  return percentile(late, 0.99);
}
