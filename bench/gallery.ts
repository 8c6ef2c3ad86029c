/**
 * The gallery and its guard beside socket.io with its Redis adapter and rate-limiter-flexible: from a post to all screens of
 * one room, what a decision takes, what the guard costs visitors without a token, and whether a school behind one address
 * gets in. All drivers are processes of their own. With the defaults it takes about four minutes.
 */
import { type DoorsPlan, type DoorsResult, measureDoors } from './gallery/doors.ts';
import { type GuardPlan, measureGuard } from './gallery/guard.ts';
import { measureRoom, type Point, type RoomResult } from './gallery/room.ts';
import { CONTESTANTS, type Instances } from './gallery/stage.ts';
import { type Grounds, openGrounds } from './grounds.ts';
import type { BenchOptions } from './options.ts';
import { keepResults, table } from './report.ts';

const GOALS = { p99_ms: 50, announced_p99_ms: 10, grown_mib: 32, decided_p99_ms: 2, lost_percent: 10 };

const MOST_PROCESSES = 32;

interface Plan {
  instances: Instances;
  points: Point[];
  guard: GuardPlan;
  doors: DoorsPlan;
}

/** What is aimed at is more than two processors can do: it is tried for a moment, and many posts and many screens each by themselves. */
function planOf({ smoke, seconds, listeners }: BenchOptions): Plan {
  if (smoke) {
    return {
      instances: { apis: 1, relays: 1 },
      points: [{ screens: 20, per_second: 20, seconds: 1 }],
      guard: { per_second: 500, seconds: 1 },
      doors: { pairs: 1, slot_seconds: 0.3, people: 50 },
    };
  }
  const screens = Math.min(listeners, 5_000);
  return {
    instances: { apis: 3, relays: 2 },
    points: [
      { screens: 100, per_second: 200, seconds },
      { screens, per_second: 4, seconds },
      { screens, per_second: 200, seconds: 3 },
    ],
    guard: { per_second: 10_000, seconds },
    doors: { pairs: 6, slot_seconds: 1.2, people: 50 },
  };
}

export async function benchGallery(options: BenchOptions): Promise<void> {
  const plan = planOf(options);
  const { parts, smoke, signal } = options;
  // Each that is started listens for our end.
  process.setMaxListeners(MOST_PROCESSES);
  const grounds = await openGrounds({}, undefined, 1);
  try {
    const measures = {
      room: () => rooms(grounds, plan, signal),
      decisions: () => decisions(grounds, plan.guard, signal),
      doors: () => doors(grounds, plan.doors, signal),
    };
    const results: Record<string, unknown> = {};
    for (const [part, measure] of Object.entries(measures)) {
      if (parts.length === 0 || parts.includes(part)) results[part] = await measure();
    }
    if (!smoke) await keepResults('gallery', { goals: GOALS, ...results });
  } finally {
    await grounds.stop();
  }
}

async function rooms(grounds: Grounds, { instances, points }: Plan, signal: AbortSignal): Promise<RoomResult[]> {
  const all: RoomResult[] = [];
  for (const contestant of CONTESTANTS)
    all.push(...(await measureRoom(grounds, contestant, instances, points, signal)));
  const keys = ['taken', 'seen_percent', 'p50_ms', 'p99_ms', 'announced_p99_ms', 'cpu_us', 'grown_mib'] as const;
  const rows = points.flatMap(({ screens, per_second }) =>
    all
      .filter((one) => one.screens === screens && one.per_second === per_second)
      .map((one) => [`${per_second}/s`, `${screens}`, one.contestant, ...keys.map((key) => figure(one[key]))]),
  );
  console.log(`\nfrom a post to the screens\n${table(['posts', 'screens', '', ...keys], rows)}\n`);
  for (const one of all.filter(({ contestant }) => contestant === 'ours')) {
    const { screens, per_second, p99_ms, seen_percent, announced_p99_ms, grown_mib } = one;
    const at = `${per_second} posts a second to ${screens} screens`;
    const isSeen = seen_percent > 99.9 && p99_ms < GOALS.p99_ms;
    judge(`${at}: all seen, p99 under ${GOALS.p99_ms} ms`, isSeen);
    judge(
      `${at}: sent ${GOALS.announced_p99_ms} ms after it was announced (p99)`,
      announced_p99_ms < GOALS.announced_p99_ms,
    );
    judge(`${at}: grows by less than ${GOALS.grown_mib} MiB`, grown_mib < GOALS.grown_mib);
  }
  return all;
}

async function decisions(grounds: Grounds, plan: GuardPlan, signal: AbortSignal) {
  const found = await measureGuard(grounds.redisUrl, plan, signal);
  const names = Object.keys(found.ours) as (keyof typeof found.ours)[];
  const rows = names.map((name) => [name, figure(found.ours[name]), figure(found.flexible[name])]);
  console.log(`\ndecisions\n${table(['', 'ours', 'rate-limiter-flexible'], rows)}\n`);
  const { per_second, p99_ms, failed_percent } = found.ours;
  const isReached = per_second >= plan.per_second * 0.99 && p99_ms < GOALS.decided_p99_ms && failed_percent === 0;
  judge(`${plan.per_second} decisions a second at p99 under ${GOALS.decided_p99_ms} ms`, isReached);
  return found;
}

async function doors(grounds: Grounds, plan: DoorsPlan, signal: AbortSignal): Promise<DoorsResult> {
  const found = await measureDoors(grounds, plan, signal);
  const rows = Object.entries(found.doors).map(([name, { on_per_second, off_per_second, lost_percent, others }]) => {
    return [name, ...[on_per_second, off_per_second, lost_percent, others].map(figure)];
  });
  const header = ['', 'guard on', 'guard off', 'lost %', 'other answers'];
  console.log(`\nrequests a second without a token\n${table(header, rows)}\n`);
  for (const [name, { lost_percent }] of Object.entries(found.doors)) {
    judge(`${name}: at most ${GOALS.lost_percent} % lost`, lost_percent <= GOALS.lost_percent);
  }
  const { people, requests, blocked, others } = found.final;
  judge(`${people} people behind one address, ${requests} requests: nobody blocked`, blocked === 0);
  judge('and all of them answered', others === 0);
  return found;
}

function judge(what: string, isReached: boolean): void {
  console.log(`${what}: ${isReached ? 'reached' : 'NOT REACHED'}`);
}

function figure(value: number): number {
  return Number(value.toPrecision(4));
}
