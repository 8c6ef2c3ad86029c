/** What the guard counts, in this process's memory, with the results that Redis would give. */
import { createExpiring, type Expiring } from './expiring.ts';
import {
  type Admission,
  type GuardNumbers,
  type GuardStore,
  MIRRORED_FOR_MS,
  MOST_REPORTERS,
  POSTED_FOR_MS,
  type Visitor,
} from './guardStore.ts';

/** When each of them was seen last. */
type Seen = Map<string, number>;

type Clock = () => number;
type Kept = <Value>() => Expiring<Value>;

/**
 * @param most keys of each kind
 * @param clock in whole milliseconds
 */
export function createInProcessStore(
  numbers: GuardNumbers,
  most: number,
  clock: Clock = () => Math.floor(performance.now()),
): GuardStore {
  const kept: Kept = () => createExpiring(clock, most);
  const posts = kept<number[]>();
  const { mirror, ...visits } = createVisits(numbers, clock, kept, posts);
  return {
    ...visits,
    ...createTurns(clock, kept),
    ...createTallies(numbers, clock, kept, posts),
    mirror: async (bans) => mirror(bans),
    // Nothing wipes it.
    claimMirror: async () => false,
    close() {},
  };
}

/** Visitors without a token, and who is banned. */
function createVisits(numbers: GuardNumbers, clock: Clock, kept: Kept, posts: Expiring<number[]>) {
  const { burst, rate, keys, block_ms } = numbers;
  const blocks = kept<true>();
  const browsers = kept<Seen>();
  const routes = kept<Seen>();
  const shadowbans = kept<true>();

  function crowded({ key, address }: Visitor): { isCrowd: boolean; seen: Seen } {
    const seen = within(browsers.get(address) ?? new Map(), clock() - keys.window_ms);
    return { isCrowd: !seen.has(key) && seen.size >= keys.of_address, seen };
  }

  /** How long the visitor is blocked yet. */
  function blockOf(visitor: Visitor, counted: string): number {
    return blocks.left(visitor.is_venue ? counted : visitor.address);
  }

  function admit(visitor: Visitor, route: string): Admission {
    const now = clock();
    const { isCrowd: is_crowd, seen } = crowded(visitor);
    const counted = is_crowd ? visitor.crowd : visitor.key;
    const refuse = (by: 'block' | 'burst' | 'rate' | 'full', retry_after_ms: number) =>
      ({ admitted: false, by, is_crowd, retry_after_ms }) as const;
    const block = blockOf(visitor, counted);
    if (block > 0) return refuse('block', block);
    if (!routes.hasRoomFor(counted) || !browsers.hasRoomFor(visitor.address)) return refuse('full', keys.window_ms);
    if (!is_crowd) browsers.set(visitor.address, seen.set(visitor.key, now), keys.window_ms);
    const recent = within(routes.get(counted) ?? new Map(), now - burst.window_ms - 1).set(route, now);
    routes.set(counted, recent, keys.window_ms);
    const isRate = count(posts, counted, rate.window_ms, rate.posts, now) > rate.posts;
    const by = recent.size >= burst.routes ? 'burst' : isRate ? 'rate' : undefined;
    if (by === undefined) return { admitted: true, is_crowd };
    blocks.set(visitor.is_venue ? counted : visitor.address, true, block_ms);
    routes.delete(counted);
    posts.delete(counted);
    return refuse(by, block_ms);
  }

  function mirror(bans: Parameters<GuardStore['mirror']>[0]): void {
    for (const { subject, value, left_ms } of bans) {
      const lives_ms = Math.min(left_ms ?? MIRRORED_FOR_MS, MIRRORED_FOR_MS);
      const where = subject === 'key' ? shadowbans : blocks;
      if (lives_ms > 0) where.set(value, true, lives_ms);
      else where.delete(value);
    }
  }

  return {
    admit: async (visitor: Visitor, route: string) => admit(visitor, route),
    isCrowd: async (visitor: Visitor) => crowded(visitor).isCrowd,
    isShadowed: async (asked: readonly string[]) => asked.some((key) => shadowbans.get(key) === true),
    mirror,
  };
}

/** When each author posted last. */
function createTurns(clock: Clock, kept: Kept): Pick<GuardStore, 'waitOf' | 'post' | 'giveBack'> {
  const posted = kept<number>();

  function waitOf(key: string, cooldown_ms: number): number {
    const posted_at = posted.get(key);
    return posted_at === undefined ? 0 : Math.max(0, Math.min(posted_at, clock()) + cooldown_ms - clock());
  }

  return {
    waitOf: async (key, cooldown_ms) => waitOf(key, cooldown_ms),
    async post(key, cooldown_ms) {
      const waits_ms = waitOf(key, cooldown_ms);
      if (waits_ms > 0) return { waits_ms };
      const before = posted.get(key) ?? null;
      const posted_at = clock();
      posted.set(key, posted_at, POSTED_FOR_MS);
      return { waits_ms: 0, posted_at, before };
    },
    async giveBack(key, turn) {
      if (!('posted_at' in turn) || posted.get(key) !== turn.posted_at) return;
      if (turn.before === null) posted.delete(key);
      else posted.set(key, turn.before, POSTED_FOR_MS);
    },
  };
}

/** What is counted of authors and institutions. */
function createTallies(numbers: GuardNumbers, clock: Clock, kept: Kept, posts: Expiring<number[]>) {
  const { rate, text, reports, commands } = numbers;
  const refused = kept<number[]>();
  const reporters = kept<Seen>();
  const ordered = kept<number[]>();
  return {
    async pace(key: string) {
      if (count(posts, key, rate.window_ms, rate.posts, clock()) <= rate.posts) return 0;
      return posts.get(key)!.find((time) => time >= clock() - rate.window_ms)! + rate.window_ms + 1 - clock();
    },
    countRefusedText: async (key: string) => count(refused, key, text.window_ms, text.refused, clock()),
    mayCommand: async (institution: string) =>
      count(ordered, institution, commands.window_ms, commands.most, clock()) <= commands.most,
    async keepReporter(key: string, reporter: string) {
      const known = within(reporters.get(key) ?? new Map(), clock() - reports.window_ms);
      if (known.size < MOST_REPORTERS || known.has(reporter)) known.set(reporter, clock());
      reporters.set(key, known, reports.window_ms);
      return known.size;
    },
  };
}

/** @returns how many there are within the window, this one included; one beyond the most is not kept */
function count(windows: Expiring<number[]>, key: string, window_ms: number, most: number, now: number): number {
  const times = (windows.get(key) ?? []).filter((time) => time >= now - window_ms);
  if (times.length >= most) return times.length + 1;
  times.push(now);
  windows.set(key, times, window_ms + 1);
  return times.length;
}

/** Without those seen before. */
function within(seen: Seen, since: number): Seen {
  for (const [one, seen_at] of seen) if (seen_at <= since) seen.delete(one);
  return seen;
}
