/**
 * The sites of feeds as this worker asks them: each with its provider, over the guarded way out, with the token of its
 * institution, at the pace that all processes share.
 */
import { OutboundError } from '../../src/core/definitions/outbound.ts';
import type { Feed } from '../../src/feeds/feed.ts';
import { createPace, type Pace } from '../../src/feeds/pace/pace.ts';
import type { Availabilities, Provider, Schedule, Site } from '../../src/feeds/providers/provider.ts';
import { providerNamed, requestsPerMinute } from '../../src/feeds/providers/providers.ts';
import { createNetworks } from '../../src/infra/outbound/networks.ts';
import { createOutbounds } from '../../src/infra/outbound/outbound.ts';
import { readSecret } from '../../src/infra/outbound/secretFile.ts';
import { openSharedStates } from '../../src/infra/pace/sharedStates.ts';
import type { Backbone } from '../../src/infra/process/backbone.ts';
import { feedSecretsFolder } from '../../src/infra/process/config.ts';

export type SiteFeed = Pick<
  Feed,
  'id' | 'institution_id' | 'provider' | 'base_url' | 'tournament' | 'mapping' | 'secret_ref'
>;

export interface Sites {
  pace: Pace;
  /**
   * @param isAsked an admin waits for it: polls leave a part of the quota to that
   * @throws OutboundError where it has no URL that may be asked, or its secret is missing
   */
  open(feed: SiteFeed, isAsked?: boolean): Promise<{ provider: Provider; site: Site }>;
  /** Ends what is under way. */
  close(): Promise<void>;
}

const PART_OF_POLLS = 0.6;

type Needed = Pick<Backbone, 'config' | 'redis' | 'prefix' | 'metrics' | 'log'>;

export function openSites({ config, redis, prefix, metrics, log }: Needed): Sites {
  const states = openSharedStates({ redis, prefix, log });
  const pace = createPace(states);
  const outbounds = createOutbounds({ networks: createNetworks(config.FEED_ALLOWED_NETWORKS), metrics });

  async function open(feed: SiteFeed, isAsked = false) {
    const { id: feed_id, base_url, tournament, mapping } = feed;
    if (base_url === null) throw new OutboundError('refused_url', { place: 'base_url' });
    const limit = Math.floor(requestsPerMinute(feed.provider) * (isAsked ? 1 : PART_OF_POLLS));
    const gate = {
      enter: () => pace.enter(feed_id, limit),
      leave: (sample: Parameters<Pace['leave']>[1]) => pace.leave(feed_id, sample),
    };
    const authorization = await authorizationOf(feed, base_url);
    const outbound = outbounds.open({ feed_id, base_url, authorization, gate });
    const site: Site = { feed_id, base_url, tournament: tournament ?? '', mapping, outbound };
    return { provider: providerNamed(feed.provider), site };
  }

  /** Read at each opening: a token that was replaced holds from the next request on. */
  async function authorizationOf({ secret_ref, institution_id, provider }: SiteFeed, base_url: string) {
    if (secret_ref === null) return undefined;
    const { origin } = new URL(base_url);
    const { token } = await readSecret(feedSecretsFolder(config), institution_id, secret_ref, origin);
    return `${provider === 'tabbycat' ? 'Token' : 'Bearer'} ${token}`;
  }

  return {
    pace,
    open,
    async close() {
      await outbounds.close();
      states.close();
    },
  };
}

/** What runs ask: all rounds or one of them, and who may be drawn in one where the site says so. */
export function askingOf(sites: Pick<Sites, 'open'>) {
  return {
    async fetchSchedule(feed: SiteFeed, round?: number): Promise<Schedule> {
      const { provider, site } = await sites.open(feed, true);
      return provider.fetchSchedule(site, round);
    },
    async fetchAvailabilities(feed: SiteFeed, round: number): Promise<Availabilities | undefined> {
      const { provider, site } = await sites.open(feed, true);
      return provider.fetchAvailabilities?.(site, round);
    },
  };
}
