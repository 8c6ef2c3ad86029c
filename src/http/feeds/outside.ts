/** What commands and questions of feeds are told of the outside. The API asks no site for anything: workers do. */
import { OutboundError } from '../../core/definitions/outbound.ts';
import type { Outside } from '../../core/definitions/outside.ts';
import { createPace } from '../../feeds/pace/pace.ts';
import { QUOTA } from '../../feeds/pace/quota.ts';
import { demandBaseUrl } from '../../infra/outbound/baseUrl.ts';
import { resolveName } from '../../infra/outbound/connector.ts';
import { createNetworks } from '../../infra/outbound/networks.ts';
import { readSecret } from '../../infra/outbound/secretFile.ts';
import { openSharedStates } from '../../infra/pace/sharedStates.ts';
import type { Backbone } from '../../infra/process/backbone.ts';
import { feedSecretsFolder } from '../../infra/process/config.ts';
import { commands } from '../../modules.ts';

const NAMED = new Set(commands.flatMap(({ name }) => [name, `${name.slice(0, name.indexOf('.'))}.*`]));

export function openOutside({ config, redis, prefix, log }: Backbone): Outside & { close(): void } {
  const networks = createNetworks(config.FEED_ALLOWED_NETWORKS);
  const states = openSharedStates({ redis, prefix, log });
  const pace = createPace(states);
  return {
    faultOfAddress: (url) => faultOf(() => demandBaseUrl(url, networks, resolveName)),
    faultOfSecret: (institution_id, name, url) =>
      faultOf(() => readSecret(feedSecretsFolder(config), institution_id, name, new URL(url).origin)),
    readPaces: (feeds) => pace.read(feeds.map((feed_id) => ({ feed_id, limit: QUOTA.tabbycat }))),
    isCommand: (name) => NAMED.has(name),
    close: states.close,
  };
}

/** The sentence of what a worker would meet. */
async function faultOf(demand: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await demand();
    return undefined;
  } catch (fault) {
    if (fault instanceof OutboundError) return fault.message;
    throw fault;
  }
}
