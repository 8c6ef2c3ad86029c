/**
 * How often a user, or an address without a token, may have an Idempotency-Key looked up before it counts: a look is dearer
 * than counting, and what is known is answered again from Postgres.
 */
import { RULES } from '../../guard/rules.ts';
import { createInProcessWindows } from '../../infra/limiter/inProcess.ts';

export function createLookUps() {
  const windows = createInProcessWindows();
  return async (sender: string): Promise<boolean> => {
    const { posts: limit, window_ms } = RULES.rate;
    return 'states' in (await windows.take([{ key: sender, limit, window_ms }]));
  };
}
