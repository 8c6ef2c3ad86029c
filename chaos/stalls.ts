/**
 * A network that stalls: for a while nothing passes between relays and Redis, relays and Postgres, or a relay and its
 * listeners, and nothing is closed; then all goes on, with what had been under way. Only relays are cut off.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { person } from '../test/support/client.ts';
import { openWire } from '../test/support/wire.ts';
import type { Fault } from './blow.ts';
import { startListeners } from './listeners.ts';

const STALL_MS = 15_000;
/** While it lasts: what is not announced is found by the next look at the record's heads. */
const TOLD_WITHIN_MS = 10_000;

const now = () => performance.now();

function stalled(id: 'redis' | 'postgres', what: string): Fault {
  return {
    id: `stall-${id}`,
    what,
    told_within_ms: TOLD_WITHIN_MS,
    async strike({ arena }) {
      const wire = arena.relayWires[id];
      wire.freeze();
      const struck_ms = now();
      const over = sleep(STALL_MS).then(() => wire.thaw());
      return { struck_ms, mend: () => over };
    },
  };
}

const listeners: Fault = {
  id: 'stall-listeners',
  what: 'nothing passes between a relay and its listeners for 15 s, and then all of it',
  async strike({ fleet, sessions, listeners: others }, dice) {
    const post = dice.oneOf(fleet.posts('relay'));
    const wire = await openWire(post.url);
    const { token } = person('super_admin');
    const urls = (of: 'relay' | 'api') => (of === 'relay' ? [wire.urlOf(post.url).replace(/\/$/, '')] : fleet.urls(of));
    const own = startListeners(urls, token, sessions);
    for (const one of own.heard) one.listener += ', through the network';
    const struck_ms = now();
    wire.freeze();
    const over = sleep(STALL_MS).then(() => wire.thaw());
    return {
      struck_ms,
      async mend() {
        await over;
        // From here on they are waited for and judged as all others are.
        others.heard.push(...own.heard);
      },
      async look() {
        await own.stop();
        await wire.stop();
        return [];
      },
    };
  },
};

export const STALLS: Fault[] = [
  stalled('redis', 'nothing passes between the relays and Redis for 15 s: they look at the record by themselves'),
  stalled('postgres', 'nothing passes between the relays and Postgres for 15 s: they deliver what they hear'),
  listeners,
];
