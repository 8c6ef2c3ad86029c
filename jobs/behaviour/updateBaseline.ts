/** The baseline of one person is made anew, where an operator asks for it. */
import { z } from 'zod';
import type { Whose } from '../../src/behaviour/consent/consent.ts';
import type { JsonObject } from '../../src/core/definitions/event.ts';
import { id } from '../../src/core/definitions/schemas.ts';
import { defineJob } from '../job.ts';
import { trainOne } from './trainPeople.ts';

const input = z.strictObject({ institution_id: id, user_id: id }).partial();

export const updateBaseline = defineJob({
  name: 'update_behavioral_baseline',
  summary: 'Makes the baseline of one person anew, from what was sent in the last days',
  most_ms: 5 * 60_000,
  input: input as z.ZodType<JsonObject>,
  async run(tools) {
    const { institution_id, user_id } = tools.input as Partial<Whose>;
    if (!institution_id || !user_id) return { skipped: 'it is to be told institution_id and user_id' };
    const trained = await trainOne(tools, { institution_id, user_id });
    return trained ?? { skipped: 'this person has not agreed to telemetry, or it is switched off' };
  },
});
