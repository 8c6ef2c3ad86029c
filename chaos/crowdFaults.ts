/** A crowd under the blow: relays are killed one after the other, and all of it comes back to what is left. */
import { person } from '../test/support/client.ts';
import { until } from '../test/support/processes.ts';
import type { Fault } from './blow.ts';
import { gatherCrowd } from './crowd.ts';
import { judgeCrowd } from './judgeCrowd.ts';
import { readStored } from './stored.ts';

const SIZE = 60;
/** Each of two relays, twice. */
const KILLS = 4;

const relaysKilled: Fault = {
  id: 'kill-relays',
  what: `both relays killed twice, one after the other, under ${SIZE} listeners on all transports of whom some go`,
  async strike({ arena, fleet, sessions }) {
    const { token } = person('super_admin');
    const crowd = gatherCrowd({ size: SIZE, sessions, tokenOf: () => token, urls: fleet.urls });
    await crowd.level(new Map(sessions.map((id) => [id, 1])));
    let struck_ms = 0;
    for (let n = 0; n < KILLS; n += 1) {
      const post = fleet.posts('relay')[n % 2]!;
      const { signal, exited } = await until('a relay is ready', () => post.process);
      signal('SIGKILL');
      struck_ms = performance.now();
      crowd.churn(SIZE / KILLS / 2);
      await exited;
    }
    return {
      struck_ms,
      async look() {
        const { events } = await readStored(
          arena.pool,
          sessions.map((id) => `session:${id}`),
        );
        const chainOf = (id: string) =>
          events.filter(({ stream }) => stream === `session:${id}`).map(({ event_hash }) => event_hash);
        const chains = new Map(sessions.map((id) => [id, chainOf(id)]));
        // Each that is not level is found by the judge, with a name.
        await crowd.level(new Map([...chains].map(([id, { length }]) => [id, length]))).catch(() => {});
        return judgeCrowd(crowd.disperse(), chains);
      },
    };
  },
};

export const CROWDS: Fault[] = [relaysKilled];
