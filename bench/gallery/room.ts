/**
 * A gallery with its screens: from the post to the screen, from the announcement at one process to what another sends, and
 * what both cost. Each contestant is measured with few screens, with all of them and few posts, and with all of both.
 */
import type { Grounds } from '../grounds.ts';
import { forkOf, messageOf } from '../relay/children.ts';
import { percentile } from '../report.ts';
import { readUsage } from '../usage.ts';
import type { AudienceMessage, AudienceOrder, ScreensPlan, Seen } from './audience.ts';
import type { Posted, PostPlan } from './posters.ts';
import { type Contestant, type Instances, openStage, type Stage } from './stage.ts';

export interface Point {
  screens: number;
  per_second: number;
  seconds: number;
}

export interface RoomResult extends Point {
  contestant: Contestant;
  /** Posts that were taken, and what was answered to the others. */
  taken: number;
  refused: Record<string, number>;
  /** Of what the screens were to see. */
  seen_percent: number;
  p50_ms: number;
  p99_ms: number;
  /** From the announcement to a screen of its own process that has nothing else to do. */
  announced_p99_ms: number;
  /** Of the processes that fan out, for each message of each screen. */
  cpu_us: number;
  /** Of one process that fans out and one that is posted to, without garbage. */
  grown_mib: number;
  closed: number;
}

const AT_ONCE = 200;
/** Of few screens all note what comes, of many one in so many. */
const [FEW, SAMPLED] = [100, 50];
const WARM_SECONDS = 2;
const QUIET_MS = 500;
/** What has not come by then is counted as not seen. */
const QUIET_WITHIN_MS = 4_000;

export async function measureRoom(
  grounds: Grounds,
  contestant: Contestant,
  instances: Instances,
  points: readonly Point[],
  signal: AbortSignal,
): Promise<RoomResult[]> {
  const stage = await openStage(grounds, contestant, instances);
  const room = openRoom(stage, contestant === 'socketio');
  try {
    await room.joinProbe();
    const results: RoomResult[] = [];
    for (const point of points) {
      signal.throwIfAborted();
      await room.joinUpTo(point.screens);
      // What is warm is not asked more than it can do twice: the rest of it would be counted with the next.
      if (results.length === 0) await room.post({ ...point, seconds: Math.min(WARM_SECONDS, point.seconds) });
      await room.untilQuiet();
      results.push({ contestant, ...(await measurePoint(stage, room, point)) });
      console.error(`${contestant}: ${point.per_second} posts a second to ${point.screens} screens done`);
    }
    return results;
  } finally {
    await room.close();
    await stage.leave();
  }
}

type Room = ReturnType<typeof openRoom>;

/** The drivers of a room, each a process. */
function openRoom({ session_id, posts, ports }: Stage, isPeer: boolean) {
  const [audience, probe, posters] = ['audience', 'audience', 'posters'].map((name) =>
    forkOf(`gallery/${name}.js`, [], {}),
  ) as [ReturnType<typeof forkOf>, ReturnType<typeof forkOf>, ReturnType<typeof forkOf>];
  let screens = 0;

  async function join(child: typeof audience, asked: Pick<ScreensPlan, 'screens' | 'sampled'>): Promise<void> {
    const joined = messageOf<AudienceMessage, 'joined'>(child, 'joined');
    const plan = { isPeer, ports, session_id, at_once: AT_ONCE, ...asked };
    child.send({ order: 'join', plan } satisfies AudienceOrder);
    await joined;
  }

  async function count(child: typeof audience): Promise<Seen> {
    const seen = messageOf<AudienceMessage, 'seen'>(child, 'seen');
    child.send({ order: 'count' } satisfies AudienceOrder);
    return seen;
  }

  async function post(plan: Omit<PostPlan, 'urls'>): Promise<Posted> {
    const posted = messageOf<Posted, 'posted'>(posters, 'posted');
    posters.send({ urls: posts, per_second: plan.per_second, seconds: plan.seconds } satisfies PostPlan);
    return posted;
  }

  /** Until nothing more has come for a while. @returns what came */
  async function untilQuiet(): Promise<Seen> {
    const total = await count(audience);
    const deadline = performance.now() + QUIET_WITHIN_MS;
    while (performance.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
      const { messages, samples, closed } = await count(audience);
      total.messages += messages;
      total.closed += closed;
      for (const one of samples) total.samples.push(one);
      if (messages === 0) break;
    }
    return total;
  }

  async function joinUpTo(wanted: number): Promise<void> {
    await join(audience, { screens: Math.max(0, wanted - screens), sampled: wanted > FEW ? SAMPLED : 1 });
    screens = wanted;
  }

  async function close(): Promise<void> {
    for (const child of [audience, probe, posters]) child.kill();
  }

  return {
    joinProbe: () => join(probe, { screens: ports.length, sampled: 1 }),
    joinUpTo,
    post,
    untilQuiet,
    probed: () => count(probe),
    close,
  };
}

async function measurePoint(stage: Stage, room: Room, point: Point): Promise<Omit<RoomResult, 'contestant'>> {
  await room.probed();
  const heavy = [stage.relays[0]!, stage.pids.api!];
  const weigh = async () => {
    let used = 0;
    for (const pid of new Set(heavy)) used += (await stage.weigh(pid)).used;
    return used;
  };
  const cpu = () => {
    const roots = Object.fromEntries(stage.relays.map((pid) => [`${pid}`, pid]));
    const usage = readUsage(roots);
    return stage.relays.reduce((sum, pid) => sum + usage[pid]!, 0);
  };
  const [weight, cpu_us] = [await weigh(), cpu()];
  const { sent, answers } = await room.post(point);
  const seen = await room.untilQuiet();
  const used_us = cpu() - cpu_us;
  const probed = await room.probed();
  const { 201: taken = 0, ...refused } = answers;
  const late = latenesses(seen, sent);
  return {
    ...point,
    ...{ taken, refused },
    seen_percent: (100 * seen.messages) / (taken * point.screens),
    p50_ms: percentile(late, 0.5),
    p99_ms: percentile(late, 0.99),
    announced_p99_ms: percentile(latenesses(probed, stage.announced()), 0.99),
    cpu_us: used_us / seen.messages,
    grown_mib: (await weigh()) - weight,
    closed: seen.closed,
  };
}

/** In order of size. */
function latenesses({ samples }: Seen, since: ReadonlyMap<string, number>): Float64Array {
  const known = samples.filter(({ id }) => since.has(id));
  return Float64Array.from(known, ({ id, at_ms }) => at_ms - since.get(id)!).sort();
}
