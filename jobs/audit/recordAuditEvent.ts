/** An operator puts one entry on an audit trail by hand. */
import type { z } from 'zod';
import type { JsonObject } from '../../src/core/definitions/event.ts';
import { defineJob } from '../job.ts';
import { entryOf, event, isWhole, NEEDS, one, record } from './byHand.ts';

export const recordAuditEvent = defineJob({
  name: 'record_audit_event',
  summary: 'Puts one entry on the audit trail of an institution',
  most_ms: 60_000,
  input: one as z.ZodType<JsonObject>,
  async run(tools) {
    const { institution_id, ...facts } = tools.input as z.output<typeof one>;
    if (!isWhole({ institution_id, ...facts })) return { skipped: NEEDS };
    return record(tools, 'record_audit_event', institution_id!, [entryOf(event.parse(facts), tools.slot)]);
  },
});
