/** The risk of one login session, where an operator asks for it: reckoned anew, stored, and acted on as that of all others. */
import { z } from 'zod';
import { findLogin } from '../../src/behaviour/trained/assess.ts';
import type { JsonObject } from '../../src/core/definitions/event.ts';
import { id } from '../../src/core/definitions/schemas.ts';
import { defineJob } from '../job.ts';
import { assessLogins } from './assessLogins.ts';

const input = z.strictObject({ login_id: id }).partial();

export const checkSessionRisk = defineJob({
  name: 'check_session_risk',
  summary: 'Reckons the risk of one login session from what it sent last, and acts on it',
  most_ms: 60_000,
  input: input as z.ZodType<JsonObject>,
  async run(tools) {
    const { login_id } = tools.input as { login_id?: string };
    if (!login_id) return { skipped: 'it is to be told login_id' };
    const login = await findLogin(tools.pool, login_id);
    if (!login) return { skipped: 'there is no telemetry of this login session, or nobody agrees to it any more' };
    const [assessed] = await assessLogins(tools, [login]);
    const { score, level, action } = assessed!.risk;
    return { login_id, score, level, action };
  },
});
