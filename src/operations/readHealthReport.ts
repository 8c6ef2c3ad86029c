/** The last daily health report; there is none before the first was due. */
import type { JsonObject } from '../core/definitions/event.ts';
import { defineQuery, NO_QUERY } from '../core/definitions/query.ts';

const LAST = 'select slot, made_at, concerns, report from health_reports order by slot desc limit 1';

export const readHealthReport = defineQuery({
  name: 'ops.health_report',
  route: 'GET /ops/health-report',
  summary: 'The last daily health report',
  roles: ['super_admin'],
  query: NO_QUERY,
  target: () => null,
  async read({ db }) {
    const { rows } = await db.query<{ report: JsonObject; [field: string]: unknown }>(LAST);
    const [found] = rows;
    if (!found) return undefined;
    const { report, ...head } = found;
    return { ...head, ...report };
  },
});
