/** What is long is stored as a file under its hash, and an entry of an audit trail names it. */
import { z } from 'zod';
import type { JsonObject } from '../../src/core/definitions/event.ts';
import { defineJob } from '../job.ts';
import { entryOf, event, isWhole, NEEDS, one, record } from './byHand.ts';

/** What is no longer has no file of its own. */
const LARGE_BYTES = 1_000;
const MOST_BYTES = 10 * 1024 * 1024;

const withData = one.extend({ data: z.string().max(MOST_BYTES).optional() });

export const storeLargeData = defineJob({
  name: 'store_large_data_ipfs',
  summary: `Stores what is longer than ${LARGE_BYTES} bytes as a file, and puts an entry that names it by its hash on the audit trail`,
  most_ms: 60_000,
  input: withData as z.ZodType<JsonObject>,
  async run(tools) {
    const { institution_id, data, ...facts } = tools.input as z.output<typeof withData>;
    if (!isWhole({ institution_id, ...facts }) || data === undefined) return { skipped: `${NEEDS}, and data` };
    const bytes = new TextEncoder().encode(data);
    if (bytes.length <= LARGE_BYTES) return { skipped: `data of ${LARGE_BYTES} bytes or less is no file` };
    const { rows } = await tools.pool.query<{ id: string }>('select id from installation');
    const owner = await tools.blobs.claim(rows[0]!.id);
    if (owner !== rows[0]!.id) return { skipped: 'the files are not of this installation' };
    const draft = await tools.blobs.receive(pieces(bytes), MOST_BYTES);
    await draft.keep();
    const { sha256, size_bytes } = draft;
    const entry = { ...entryOf(event.parse(facts), tools.slot), data: { sha256, size_bytes } };
    return { ...(await record(tools, 'store_large_data_ipfs', institution_id!, [entry])), sha256, size_bytes };
  },
});

async function* pieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
