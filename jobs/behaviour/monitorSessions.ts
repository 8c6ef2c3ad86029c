/**
 * The risk of each login session that sent telemetry within five minutes, and something new since it was last judged. A
 * run that had no time for all leaves the others to the next: what was judged is not judged again.
 */

import type { Level } from '../../src/behaviour/risk/risk.ts';
import { assessLogin, readActive } from '../../src/behaviour/trained/assess.ts';
import { defineJob } from '../job.ts';

const LOGINS = 200;

export const monitorSessions = defineJob({
  name: 'monitor_active_sessions',
  summary: 'Reckons the risk of the login sessions that sent telemetry within five minutes',
  most_ms: 25_000,
  async run({ pool, isOver }) {
    const levels: Partial<Record<Level, number>> = {};
    let assessed = 0;
    for (;;) {
      const logins = await readActive(pool, LOGINS);
      for (const login of logins) {
        if (isOver()) return { assessed, ...levels, is_complete: false };
        const { level } = await assessLogin(pool, login);
        levels[level] = (levels[level] ?? 0) + 1;
        assessed += 1;
      }
      if (logins.length < LOGINS) return { assessed, ...levels, is_complete: true };
    }
  },
});
