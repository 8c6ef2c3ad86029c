/** Admins are told, once a day, of each policy of theirs that was wrong too often in the last seven days. */
import { quietly } from '../../src/infra/console/tellConsole.ts';
import { LEAST_EFFECTIVENESS } from '../../src/policies/decisions/tuning.ts';
import { defineJob } from '../job.ts';
import { notify } from '../notices/notify.ts';
import { weighEach } from './weighedPolicies.ts';

export const checkPolicyHealth = defineJob({
  name: 'check_policy_health',
  summary: `Tells admins of policies that were right in less than ${LEAST_EFFECTIVENESS} % of 30 decisions or more`,
  most_ms: 30 * 60_000,
  async run(tools) {
    const { pool, broadcast, slot } = tools;
    let unwell = 0;
    const ending = await weighEach(tools, async (policy, { effectiveness, decided, interval }) => {
      if (interval === null || effectiveness >= LEAST_EFFECTIVENESS) return;
      unwell += 1;
      const { id, version, name, institution_id } = policy;
      const text = `The policy ${name} was right in ${effectiveness} % of ${decided} decisions of seven days. GET /policies/${id}/performance says where not.`;
      const key = `policy ${id} ${version} health ${slot.slice(0, 10)}`;
      await notify(pool as never, quietly(broadcast), [{ to: { admins: institution_id }, kind: 'notice', key, text }]);
    });
    return { ...ending, unwell };
  },
});
