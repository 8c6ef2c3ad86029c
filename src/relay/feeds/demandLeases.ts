/** The demand of this relay, as it is said to all: what has changed soon after, and all of it again before it runs out. */
import { DEMAND_REFRESH_MS, type Demand, type Leases } from '../../infra/feeds/demand.ts';
import type { Log } from '../../infra/telemetry/log.ts';
import type { FollowedMatches, SubscriptionTo } from './followedMatches.ts';

export interface DemandLeases {
  note(subscription: SubscriptionTo, isFollowed: boolean): void;
  /** Says what is still to be said. */
  close(): Promise<void>;
}

export interface DemandLeasesOptions {
  demand: Pick<Demand, 'hold' | 'release'>;
  followed: () => FollowedMatches;
  log: Log;
}

const SAY_EVERY_MS = 1_000;

export function startDemandLeases({ demand, followed, log }: DemandLeasesOptions): DemandLeases {
  /** Of each match, whether each connection follows it now. */
  let changes = new Map<string, Map<string, boolean>>();
  let saidAllAt = Number.NEGATIVE_INFINITY;
  let saying: Promise<void> | undefined;
  const timer = setInterval(() => void say(), SAY_EVERY_MS).unref();

  function note({ match_id, connection_id }: SubscriptionTo, isFollowed: boolean): void {
    const connections = changes.get(match_id) ?? new Map<string, boolean>();
    changes.set(match_id, connections.set(connection_id, isFollowed));
  }

  /** One after the other: what is said later has the last word. */
  function say(): Promise<void> {
    saying ??= sayWhatIsDue().finally(() => {
      saying = undefined;
    });
    return saying;
  }

  async function sayWhatIsDue(): Promise<void> {
    const isAllDue = performance.now() - saidAllAt >= DEMAND_REFRESH_MS;
    if (changes.size === 0 && !isAllDue) return;
    const said = changes;
    changes = new Map();
    try {
      await demand.release(leasesOf(said, false));
      await demand.hold(isAllDue ? allOf(followed()) : leasesOf(said, true));
      if (isAllDue) saidAllAt = performance.now();
    } catch (err) {
      // All is said at the next turn; what could not be released runs out.
      saidAllAt = Number.NEGATIVE_INFINITY;
      log.debug({ err }, 'saying the demand for matches failed');
    }
  }

  async function close(): Promise<void> {
    clearInterval(timer);
    await saying;
    await say();
  }

  return { note, close };
}

function leasesOf(changes: ReadonlyMap<string, ReadonlyMap<string, boolean>>, isFollowed: boolean): Leases {
  const leases = new Map<string, string[]>();
  for (const [match_id, connections] of changes) {
    const some = [...connections].filter(([, now]) => now === isFollowed).map(([connection_id]) => connection_id);
    if (some.length > 0) leases.set(match_id, some);
  }
  return leases;
}

function allOf(followed: FollowedMatches): Leases {
  return new Map(
    followed.match_ids().map((id) => [id, [...followed.of(id)].map(({ connection_id }) => connection_id)] as const),
  );
}
