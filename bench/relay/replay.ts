/** A thousand events to each who comes and asks for all of them: what they cost the relay, beside a peer that emits as many. */
import type { Grounds } from '../grounds.ts';
import { type Contestant, isPeer } from './contestants.ts';
import { untilQuiet } from './fanout.ts';
import { recordAtRate } from './pace.ts';
import { openStage, type Stage } from './stage.ts';

export interface ReplayResult {
  contestant: Contestant;
  delivered: number;
  /** Of the relay's processor, coming and going included. */
  per_cpu_second: number;
}

const EVENTS = 1_000;
const EVENTS_PER_SECOND = 500;
const AT_ONCE = 50;

export async function measureReplay(
  grounds: Grounds,
  contestant: Contestant,
  signal: AbortSignal,
  listeners: number,
  sample: string,
): Promise<ReplayResult> {
  const stage = await openStage(grounds, contestant, signal, sample);
  try {
    const dockets = stage.dockets.slice(0, 1);
    if (!isPeer(contestant)) await recordAll(stage);
    const { cpu_us } = stage.relay();
    const asked = isPeer(contestant) ? { replay: EVENTS } : { last_sequence: 0 };
    await stage.join({ listeners, at_once: AT_ONCE, dockets, ...asked });
    const { delivered } = await untilQuiet(stage);
    return { contestant, delivered, per_cpu_second: delivered / ((stage.relay().cpu_us - cpu_us) / 1e6) };
  } finally {
    await stage.leave();
  }
}

async function recordAll(stage: Stage): Promise<void> {
  const dockets = stage.dockets.slice(0, 1);
  await stage.join({ listeners: 1, at_once: 1, dockets });
  await recordAtRate(stage, EVENTS_PER_SECOND, EVENTS / EVENTS_PER_SECOND, dockets);
  await untilQuiet(stage);
}
