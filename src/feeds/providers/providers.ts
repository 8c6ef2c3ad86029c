/** Every provider that is asked over the network, by its name. `internal` is fed by our own announcements and stands with the matches. */
import { QUOTA } from '../pace/quota.ts';
import { csv } from './csv.ts';
import { fixture } from './fixture.ts';
import { genericJson } from './genericJson/genericJson.ts';
import type { Capability, Provider } from './provider.ts';
import { tabbycat } from './tabbycat/tabbycat.ts';

export const PROVIDERS: Readonly<Record<string, Provider>> = { tabbycat, generic_json: genericJson, csv, fixture };

/** How many a feed of this provider may make. */
export function requestsPerMinute(name: string): number {
  return name === 'tabbycat' ? QUOTA.tabbycat : QUOTA.others;
}

/** @param mapping of the feed, as it was checked when it was saved */
export function capabilitiesOf(name: string, mapping: unknown): ReadonlySet<Capability> {
  const { capabilities, capabilitiesIn } = providerNamed(name);
  return capabilitiesIn && mapping ? new Set(capabilitiesIn(mapping)) : capabilities;
}

export function providerNamed(name: string): Provider {
  const provider = Object.hasOwn(PROVIDERS, name) ? PROVIDERS[name] : undefined;
  if (provider === undefined) throw new Error(`no provider is called ${name}`);
  return provider;
}
