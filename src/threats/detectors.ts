/** The three detectors: each says of a few numbers whether they are a threat. Pure; the numbers stand in `rules.ts`. */
import { DETECTORS } from './rules.ts';

/** @param failures tokens with a bad signature from one address within the hour */
export function isBruteForce({ failures }: { failures: number }): boolean {
  return failures >= DETECTORS.brute_force.failures;
}

/**
 * @param refused how often the role did not suffice, the latest times
 * @param sent_since commands that the same person sent since the earliest of these
 */
export function isEscalation({ refused, sent_since }: { refused: number; sent_since: number }): boolean {
  const { refused: least, of_last } = DETECTORS.privilege_escalation;
  return refused >= least && refused + sent_since <= of_last;
}

/** @param people who were refused one route of an institution within the hour @param tries how often together */
export function isCoordinated({ people, tries }: { people: number; tries: number }): boolean {
  return people >= DETECTORS.coordinated.people && tries >= DETECTORS.coordinated.tries;
}
