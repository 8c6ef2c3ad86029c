/** Live events to many listeners: how late they come after they were announced, and what each costs. */
import type { Grounds } from '../grounds.ts';
import { percentile } from '../report.ts';
import type { Count } from './audience.ts';
import type { Contestant } from './contestants.ts';
import type { Stamps } from './herald.ts';
import { recordAtRate } from './pace.ts';
import { openStage, type Stage } from './stage.ts';

export interface FanoutPlan {
  listeners: number;
  rooms: number;
  /** Of events, over all rooms. */
  per_second: number;
  seconds: number;
}

export interface FanoutResult {
  contestant: Contestant;
  delivered: number;
  lost: number;
  out_of_order: number;
  p50_ms: number;
  p99_ms: number;
  /** Of the relay, for each message. */
  cpu_us: number;
  bytes: number;
  /** Of resident memory, for each connection. */
  kib: number;
  /** While all of them came. */
  connects_per_second: number;
}

const AT_ONCE = 200;
const WARM_SECONDS = 3;
const QUIET_MS = 1_000;

export async function measureFanout(
  grounds: Grounds,
  contestant: Contestant,
  plan: FanoutPlan,
  signal: AbortSignal,
): Promise<FanoutResult> {
  const stage = await openStage(grounds, contestant, signal);
  try {
    const before = stage.relay();
    const dockets = stage.dockets.slice(0, plan.rooms);
    const join_ms = await stage.join({ listeners: plan.listeners, at_once: AT_ONCE, dockets });
    const { mib } = stage.relay();
    await recordAtRate(stage, plan.per_second, WARM_SECONDS, dockets);
    await untilQuiet(stage);
    await stage.stamps();
    const { cpu_us } = stage.relay();
    const recorded = await recordAtRate(stage, plan.per_second, plan.seconds, dockets);
    const count = await untilQuiet(stage);
    const used = stage.relay().cpu_us - cpu_us;
    const late = lateness(
      count,
      await stage.stamps(),
      dockets.map(({ session_id }) => `session:${session_id}`),
    );
    return {
      contestant,
      delivered: count.delivered,
      lost: (recorded * plan.listeners) / plan.rooms - count.delivered,
      out_of_order: count.out_of_order,
      p50_ms: percentile(late, 0.5),
      p99_ms: percentile(late, 0.99),
      cpu_us: used / count.delivered,
      bytes: count.bytes / count.delivered,
      kib: ((mib - before.mib) * 1_024) / plan.listeners,
      connects_per_second: plan.listeners / (join_ms / 1_000),
    };
  } finally {
    await stage.leave();
  }
}

/** Until nothing has come for a while. @returns what had come by then */
export async function untilQuiet(stage: Stage): Promise<Count> {
  const total: Count = await stage.count();
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
    stage.signal.throwIfAborted();
    const more = await stage.count();
    if (more.delivered === 0) return total;
    total.delivered += more.delivered;
    total.bytes += more.bytes;
    total.out_of_order += more.out_of_order;
    for (const one of more.samples) total.samples.push(one);
  }
}

/** Milliseconds from the announcement to the listener, in order of size. */
export function lateness({ samples }: Count, stamps: Stamps, streams: readonly string[]): Float64Array {
  const late = new Float64Array(samples.length);
  let n = 0;
  for (const { docket, sequence, at } of samples) {
    const announced = stamps.get(streams[docket]!)?.get(sequence);
    if (announced === undefined) continue;
    late[n] = Number(at - announced) / 1e6;
    n += 1;
  }
  return late.subarray(0, n).sort();
}
