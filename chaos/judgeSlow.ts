/**
 * Did slow listeners meet with the policy that they were under? Judged from the tapes of their connections and the rows
 * as they are. Pure; what is wrong is said in sentences.
 */
import type { Config } from '../src/infra/process/config.ts';
import type { EventRow } from './judge.ts';
import type { Tape } from './sockets.ts';

type Policy = Config['WS_OVERFLOW_ACTION'];

const SLOW = 4408;
/** Of a socket that did not read: the goodbye could not be written, or was not heard. */
const CUT = 1006;
/** A listener that takes nothing for so long is sent away under every policy. */
const UNREAD_MS = 60_000;

/**
 * @param chain the events of the session, in order
 * @param tapes of one listener. @param unread_ms for how long it did not read
 */
export function judgeSlow(policy: Policy, chain: EventRow[], tapes: Tape[], unread_ms: number): string[] {
  return [...tapes.flatMap((tape) => untrue(chain, tape)), ...reactionsWrong(policy, tapes, unread_ms)];
}

/** On each connection every event follows the one before, but for those that are named as left out. */
function untrue(chain: EventRow[], { after, said }: Tape): string[] {
  const faults: string[] = [];
  let place = after;
  for (const one of said) {
    const [first, last] = 'event' in one ? [one.event, one.event] : [one.from, one.to];
    if (first !== place + 1 || last < first) faults.push(`told ${first} to ${last} after ${place}`);
    if (chain[last - 1]?.event_hash !== one.hash) faults.push(`told of another event at ${last}`);
    place = last;
  }
  return faults;
}

function reactionsWrong(policy: Policy, tapes: Tape[], unread_ms: number): string[] {
  const dropped = tapes.some(({ said }) => said.some((one) => 'from' in one));
  const dismissed = tapes.some(({ ended }) => ended === SLOW || ended === CUT);
  const faults = tapes.flatMap(({ ended }) =>
    [undefined, 1000, SLOW, CUT].includes(ended) ? [] : [`a slow listener was closed with ${ended}`],
  );
  if (policy === 'drop_oldest' && !dropped) faults.push('nothing was left out for a slow listener');
  if (policy !== 'drop_oldest' && dropped) faults.push(`under ${policy} events were left out for a slow listener`);
  if (policy === 'disconnect' && !dismissed) faults.push('a slow listener was not sent away');
  if (policy === 'catch_up' && dismissed && unread_ms < UNREAD_MS)
    faults.push('a slow listener was sent away, which was to catch up');
  return faults;
}
