/** The last daily health report; there is none before the first was due. */
import { z } from 'zod';
import { at, named, text } from '../core/definitions/answers.ts';
import type { JsonObject } from '../core/definitions/event.ts';
import { EXAMPLE } from '../core/definitions/exampleValues.ts';
import { defineQuery, NO_QUERY } from '../core/definitions/query.ts';

const LAST = 'select slot, made_at, concerns, report from health_reports order by slot desc limit 1';

/** As the job wrote it then: what stands beside the concerns has grown since, and may grow. */
const healthReport = named('HealthReport', z.looseObject({ slot: at, made_at: at, concerns: z.array(text) }), {
  slot: EXAMPLE.started_at,
  made_at: EXAMPLE.now,
  concerns: [],
});

export const readHealthReport = defineQuery({
  name: 'ops.health_report',
  route: 'GET /ops/health-report',
  summary: 'The last daily health report',
  roles: ['super_admin'],
  query: NO_QUERY,
  target: () => null,
  answer: healthReport,
  async read({ db }) {
    const { rows } = await db.query<z.output<typeof healthReport> & { report: JsonObject }>(LAST);
    const [found] = rows;
    if (!found) return undefined;
    const { report, ...head } = found;
    return { ...head, ...report };
  },
});
