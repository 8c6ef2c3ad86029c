/**
 * The risk of each login session that sent telemetry within five minutes, and something new since it was last judged. A
 * run that had no time for all leaves the others to the next: what was judged is not judged again.
 */

import type { Level } from '../../src/behaviour/risk/risk.ts';
import { readActive } from '../../src/behaviour/trained/assess.ts';
import { readClock } from '../../src/core/sql/databaseClock.ts';
import { defineJob } from '../job.ts';
import { assessLogins } from './assessLogins.ts';

const LOGINS = 200;
const AT_ONCE = 25;

export const monitorSessions = defineJob({
  name: 'monitor_active_sessions',
  summary: 'Reckons the risk of the login sessions that sent telemetry within five minutes, and acts on it',
  most_ms: 25_000,
  async run(tools) {
    const levels: Partial<Record<Level, number>> = {};
    let assessed = 0;
    for (;;) {
      const logins = await readActive(tools.pool, await readClock(tools.pool), LOGINS);
      for (let i = 0; i < logins.length; i += AT_ONCE) {
        if (tools.isOver()) return { assessed, ...levels, is_complete: false };
        const judged = await assessLogins(tools, logins.slice(i, i + AT_ONCE));
        for (const { risk } of judged) levels[risk.level] = (levels[risk.level] ?? 0) + 1;
        assessed += judged.length;
      }
      if (logins.length < LOGINS) return { assessed, ...levels, is_complete: true };
    }
  },
});
