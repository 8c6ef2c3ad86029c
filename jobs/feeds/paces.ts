/** How feeds do, and what their providers can be asked about: what the leader reckons intervals from. */
import type { Tier } from '../../src/feeds/matches/match.ts';
import { createPace, type FeedPace } from '../../src/feeds/pace/pace.ts';
import { capabilitiesOf, requestsPerMinute } from '../../src/feeds/providers/providers.ts';
import { openSharedStates } from '../../src/infra/pace/sharedStates.ts';
import type { Backbone } from '../../src/infra/process/backbone.ts';

/** For a process that asks no site itself. */
export function openPace({ redis, prefix, log }: Pick<Backbone, 'redis' | 'prefix' | 'log'>) {
  const states = openSharedStates({ redis, prefix, log });
  const pace = createPace(states);
  const read = (feeds: readonly { feed_id: string; provider: string }[]): Promise<FeedPace[]> =>
    pace.read(feeds.map(({ feed_id, provider }) => ({ feed_id, limit: requestsPerMinute(provider) })));
  return { read, close: states.close };
}

/** Beside the scoreboard, what the provider of a feed can be asked about a round. */
export function tiersOf({ provider, mapping }: { provider: string; mapping: unknown }): readonly Tier[] {
  const capabilities = capabilitiesOf(provider, mapping);
  const tiers: Tier[] = [0];
  if (capabilities.has('events')) tiers.push(1);
  if (capabilities.has('stats')) tiers.push(2);
  return tiers;
}
