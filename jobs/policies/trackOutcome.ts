/**
 * An operator says whether what a policy decided of a person's commands was right, as far as that is known afterwards: doors
 * store what was decided, and cannot know who sat in front of the screen.
 */
import { z } from 'zod';
import type { JsonObject } from '../../src/core/definitions/event.ts';
import { id } from '../../src/core/definitions/schemas.ts';
import { DAYS } from '../../src/policies/decisions/effectiveness.ts';
import { defineJob } from '../job.ts';
import { findTold, policyId } from './byHand.ts';
import { weigh } from './weighedPolicies.ts';

const input = z.strictObject({ ...policyId, user_id: id, command: z.string().max(80), correct: z.boolean() }).partial();

/** There is a row for each hour, outcome and lack. */
const MOST = 5_000;

export const TRACK = `
  update policy_outcomes set correct = $5
  where ctid = any(array(
    select ctid from policy_outcomes
    where policy_id = $1 and version = $2 and slot > (select clock_timestamp()) - interval '${DAYS} days'
      and user_id = $3 and command = $4
    limit ${MOST}))`;

export const trackOutcome = defineJob({
  name: 'track_policy_outcome',
  summary: 'Stores whether what a policy decided of a person’s commands in the last seven days was right',
  most_ms: 5 * 60_000,
  input: input as z.ZodType<JsonObject>,
  async run(tools) {
    const told = tools.input as z.output<typeof input>;
    const { user_id, command, correct } = told;
    const isWhole = user_id !== undefined && command !== undefined && correct !== undefined;
    const found = await findTold(tools, told, isWhole, 'policy_id, user_id, command and correct');
    if ('skipped' in found) return found;
    const { id: policy_id, version } = found.policy;
    const { rowCount } = await tools.pool.query(TRACK, [policy_id, version, user_id, command, correct]);
    if (rowCount === 0) return { skipped: 'nothing was decided of it in seven days' };
    return { policy_id, version, tracked: rowCount, ...(await weigh(tools, found.policy)) };
  },
});
