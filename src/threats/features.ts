/**
 * The seven features of a person in an institution, over the 24 hours behind the last full hour and the seven days before
 * them. Integers, by pure functions; null where there is too little to say anything. docs/assurance.md shows the same table.
 */
import { permille } from '../behaviour/statistics.ts';

/** What is known of a person. "Today" are the last 24 hours, "before" the seven days that were before them. */
export interface Known {
  /** Bad signatures today from networks that nobody else is in; null where there is no such network. */
  bad_signatures: number | null;
  /** Commands that were sent. */
  sent_today: number;
  /** Those of them between 02:00 and 06:00 by the clock of the institution. */
  sent_at_night: number;
  /** Those of them about nouns that nothing was sent about before. */
  sent_elsewhere: number;
  sent_before: number;
  /** Days on which something was sent before. */
  days_before: number;
  networks_today: number;
  /** Those of them that were seen for the first time today. */
  networks_new: number;
  /** A network of before is known. */
  has_known_network: boolean;
  devices_today: number;
  /** Refusals at the door today, one for each route, code and minute. */
  refused_today: number;
}

const LEAST = {
  /** Commands today, for what share of them is odd. */
  sent: 10,
  /** Commands before, for what is usual. */
  sent_before: 20,
  /** Days on which something was sent before, for how much is usual on a day. */
  days: 3,
  /** Commands and refusals today, for a share of refusals. */
  asked: 10,
};

export const FEATURE_NAMES = [
  'failed_logins',
  'odd_hours',
  'scope_deviation',
  'frequency_change',
  'new_networks',
  'devices',
  'denials',
] as const;
export type FeatureName = (typeof FEATURE_NAMES)[number];
export type Values = Record<FeatureName, number | null>;

export interface Feature {
  name: FeatureName;
  unit: string;
  formula: string;
  /** Its inputs, and how many there must be. */
  of: string;
  value(known: Known): number | null;
}

export const FEATURES: readonly Feature[] = [
  {
    ...{ name: 'failed_logins', unit: 'tokens', formula: 'tokens with a bad signature in 24 hours' },
    of: 'networks of the person that nobody else was seen in, 1',
    value: ({ bad_signatures }) => bad_signatures,
  },
  {
    ...{ name: 'odd_hours', unit: 'of 1,000', formula: 'commands between 02:00 and 06:00 among all of 24 hours' },
    of: `commands in 24 hours, ${LEAST.sent}`,
    value: ({ sent_at_night, sent_today }) => (sent_today < LEAST.sent ? null : permille(sent_at_night, sent_today)),
  },
  {
    ...{ name: 'scope_deviation', unit: 'of 1,000' },
    formula: 'commands about nouns that nothing was sent about in the seven days before, among all of 24 hours',
    of: `commands in 24 hours, ${LEAST.sent}; before, ${LEAST.sent_before}`,
    value: ({ sent_elsewhere, sent_today, sent_before }) =>
      sent_today < LEAST.sent || sent_before < LEAST.sent_before ? null : permille(sent_elsewhere, sent_today),
  },
  {
    ...{ name: 'frequency_change', unit: 'of 1,000' },
    formula: 'commands in 24 hours through the mean of the days before on which there were any',
    of: `commands in 24 hours, ${LEAST.sent}; before, ${LEAST.sent_before}, on ${LEAST.days} days`,
    value: ({ sent_today, sent_before, days_before }) =>
      sent_today < LEAST.sent || sent_before < LEAST.sent_before || days_before < LEAST.days
        ? null
        : permille(sent_today * days_before, sent_before),
  },
  {
    ...{
      name: 'new_networks',
      unit: 'of 1,000',
      formula: 'networks first seen within 24 hours among those of 24 hours',
    },
    of: 'networks in 24 hours, 1, where one of before is known',
    value: ({ networks_new, networks_today, has_known_network }) =>
      networks_today === 0 || !has_known_network ? null : permille(networks_new, networks_today),
  },
  {
    ...{ name: 'devices', unit: 'devices', formula: 'devices in 24 hours' },
    of: 'devices in 24 hours, 1',
    value: ({ devices_today }) => (devices_today === 0 ? null : devices_today),
  },
  {
    ...{ name: 'denials', unit: 'of 1,000', formula: 'refusals among refusals and commands of 24 hours' },
    of: `refusals and commands in 24 hours, ${LEAST.asked}`,
    value: ({ refused_today, sent_today }) =>
      refused_today + sent_today < LEAST.asked ? null : permille(refused_today, refused_today + sent_today),
  },
];

export function featuresOf(known: Known): Values {
  return Object.fromEntries(FEATURES.map(({ name, value }) => [name, value(known)])) as Values;
}
