/** How often an address may have an Idempotency-Key looked up before it counts: a look is dearer than counting. */
import { RULES } from '../../guard/rules.ts';
import { createInProcessWindows } from '../../infra/limiter/inProcess.ts';

export function createLookUps() {
  const windows = createInProcessWindows();
  return async (address: string): Promise<boolean> => {
    const { posts: limit, window_ms } = RULES.rate;
    return 'states' in (await windows.take([{ key: address, limit, window_ms }]));
  };
}
