/** Threat models of institutions whose admins have said enough of what was found, once a week. */
import { NIL_ID } from '../../src/core/chain/ids.ts';
import type { Queryable } from '../../src/core/sql/queryable.ts';
import { countLabels, readLabels, shiftsOf, storeModel } from '../../src/threats/models.ts';
import { readInstitutions } from '../../src/threats/readAttempts.ts';
import { LEAST_LABELS } from '../../src/threats/rules.ts';
import { defineJob } from '../job.ts';

export const updateModels = defineJob({
  name: 'update_threat_models',
  summary: `Weighs features anew where admins have said of ${LEAST_LABELS} threats what they were`,
  most_ms: 10 * 60_000,
  async run({ pool, isOver }) {
    const db = pool as never as Queryable;
    let updated = 0;
    let most = 0;
    for (let ids = await readInstitutions(db, NIL_ID); ids.length > 0; ids = await readInstitutions(db, ids.at(-1)!)) {
      for (const id of ids) {
        if (isOver()) return { updated, is_complete: false };
        const labels = await countLabels(db, id);
        most = Math.max(most, labels);
        if (labels < LEAST_LABELS) continue;
        await storeModel(db, id, labels, shiftsOf(await readLabels(db, id)));
        updated += 1;
      }
    }
    const why = `no institution has ${LEAST_LABELS} threats of 30 days with an outcome; the most is ${most}`;
    return updated === 0 ? { skipped: why } : { updated, is_complete: true };
  },
});
