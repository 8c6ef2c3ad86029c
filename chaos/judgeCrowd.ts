/** Was everybody in a crowd told their session's record? Pure; what is wrong is said in sentences. */
import type { Onlooker } from './crowd.ts';

/**
 * A client takes no event whose hash, link or number is wrong, so the hash of its last event stands for its whole log.
 * @param chains the hashes of each session's events as they are committed, in order
 */
export function judgeCrowd(onlookers: Onlooker[], chains: ReadonlyMap<string, string[]>): string[] {
  return onlookers.flatMap(({ name, session_id, position, hasLeft, broken }) => {
    const who = `${name} of ${session_id}`;
    const chain = chains.get(session_id) ?? [];
    const { event_sequence: reached, event_hash } = position ?? { event_sequence: 0, event_hash: undefined };
    const faults: string[] = [];
    if (broken !== undefined) faults.push(`${who} was stopped: ${broken}`);
    if (reached > 0 && chain[reached - 1] !== event_hash) faults.push(`${who} was told another log up to ${reached}`);
    if (!hasLeft && reached < chain.length) faults.push(`${who} was told ${reached} of ${chain.length} events`);
    return faults;
  });
}
