/**
 * Fifty listeners that read nothing any more, through 30,000 events: what they weigh, and what the others notice. Both are
 * compared with as many events before, when the others were alone, and the relay warm.
 */
import type { Grounds } from '../grounds.ts';
import { percentile } from '../report.ts';
import type { Contestant } from './contestants.ts';
import { lateness, untilQuiet } from './fanout.ts';
import { recordAtRate } from './pace.ts';
import { openStage, type Stage } from './stage.ts';
import { openScales, type Scales, type Weight } from './weight.ts';

export interface SlowResult {
  contestant: Contestant;
  events: number;
  /** MiB that the relay uses more after the events than before them, and what it takes of the machine. */
  alone: Weight;
  stalled: Weight;
  /** Of the healthy, alone and beside those that stall. */
  p99_alone_ms: number;
  p99_stalled_ms: number;
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
  const scales = openScales();
  const stage = await openStage(grounds, contestant, signal, '', scales.settings);
  try {
    const dockets = stage.dockets.slice(0, 1);
    await stage.join({ listeners: HEALTHY, at_once: HEALTHY, dockets });
    // What is not compiled yet would count as lateness, and what the room keeps as growth.
    await pass(stage, scales, per_second, events / 3);
    const alone = await pass(stage, scales, per_second, events);
    await stage.join({ listeners: STALLED, at_once: STALLED, dockets });
    stage.tell({ order: 'stall', listeners: STALLED });
    const stalled = await pass(stage, scales, per_second, events);
    return {
      ...{ contestant, events, alone: alone.grown, stalled: stalled.grown },
      ...{ p99_alone_ms: alone.p99_ms, p99_stalled_ms: stalled.p99_ms, closed: alone.closed + stalled.closed },
    };
  } finally {
    await stage.leave();
    scales.remove();
  }
}

async function pass(stage: Stage, { weigh }: Scales, per_second: number, events: number) {
  const dockets = stage.dockets.slice(0, 1);
  const before = await weigh(stage.pid());
  await recordAtRate(stage, per_second, events / per_second, dockets);
  const count = await untilQuiet(stage);
  const late = lateness(count, await stage.stamps(), [`session:${dockets[0]!.session_id}`]);
  const after = await weigh(stage.pid());
  const grown = { used: after.used - before.used, resident: after.resident - before.resident };
  return { grown, p99_ms: percentile(late, 0.99), closed: count.closed };
}
