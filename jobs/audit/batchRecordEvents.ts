/** An operator puts several entries on an audit trail by hand: by one command, so that nothing comes between them. */
import { z } from 'zod';
import { MOST_ENTRIES } from '../../src/audit/recordEntries.ts';
import type { JsonObject } from '../../src/core/definitions/event.ts';
import { id } from '../../src/core/definitions/schemas.ts';
import { defineJob } from '../job.ts';
import { entryOf, event, record } from './byHand.ts';

const several = z.strictObject({ institution_id: id, events: z.array(event).min(1).max(MOST_ENTRIES) }).partial();

export const batchRecordEvents = defineJob({
  name: 'batch_record_events',
  summary: `Puts up to ${MOST_ENTRIES} entries on the audit trail of an institution, together and one behind the other`,
  most_ms: 60_000,
  input: several as z.ZodType<JsonObject>,
  async run(tools) {
    const { institution_id, events } = tools.input as z.output<typeof several>;
    if (!institution_id || !events) return { skipped: 'it is to be told institution_id and events' };
    const entries = events.map((facts) => entryOf(facts, tools.slot));
    return record(tools, 'batch_record_events', institution_id, entries);
  },
});
