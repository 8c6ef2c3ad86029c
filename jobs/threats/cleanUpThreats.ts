/** Threats are kept for 30 days, whatever became of them; so are models and accuracies that nothing made anew. */
import { KEPT_DAYS } from '../../src/threats/threat.ts';
import { defineJob } from '../job.ts';
import { sweepThreats } from './sweepThreats.ts';

const OLD = `(select clock_timestamp()) - interval '${KEPT_DAYS} days'`;

const SWEPT: [what: string, text: string][] = [
  [
    'threats',
    `delete from threat_predictions where id in (
       select id from threat_predictions where predicted_at < ${OLD} order by predicted_at limit $1)`,
  ],
  [
    'models',
    `delete from threat_models where institution_id in (
       select institution_id from threat_models where trained_at < ${OLD} limit $1)`,
  ],
  [
    'accuracies',
    `delete from threat_accuracies where ctid = any(array(
       select ctid from threat_accuracies where reckoned_at < ${OLD} limit $1))`,
  ],
];

export const cleanUpThreats = defineJob({
  name: 'cleanup_old_threat_predictions',
  summary: `Removes threats, and models of them that were not made anew, after ${KEPT_DAYS} days`,
  most_ms: 5 * 60_000,
  async run(tools) {
    const { removed, is_complete } = await sweepThreats(tools, SWEPT);
    return { ...removed, is_complete };
  },
});
