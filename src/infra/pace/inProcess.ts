/** Shared states where one process is all there is, or while Redis is away: with the results that Redis would give. */
import type { SharedStates } from '../../core/definitions/sharedStates.ts';
import { createExpiring } from '../guard/expiring.ts';

/** Of some kilobytes each. */
const MOST_STATES = 10_000;

/** @param clock in whole milliseconds since 1970 */
export function createInProcessStates(clock = Date.now, most = MOST_STATES): SharedStates {
  const states = createExpiring<string>(clock, most);
  // As text: no caller keeps a state that another changes.
  const read = <State>(key: string): State | undefined => {
    const text = states.get(key);
    return text === undefined ? undefined : JSON.parse(text);
  };
  return {
    async change(key, ttl_ms, decide) {
      const { state, answer } = decide(read(key), clock());
      states.set(key, JSON.stringify(state), ttl_ms);
      return answer;
    },
    read: async <State>(keys: readonly string[]) => ({ now: clock(), states: keys.map((key) => read<State>(key)) }),
    close() {},
  };
}
