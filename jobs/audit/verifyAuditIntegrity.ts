/**
 * Whether an entry of the audit trail is as it was recorded: its stream from the bytes on and every row of it, its place in
 * the log under a signed checkpoint, and its file. What is not is said in the log at level error.
 */
import { z } from 'zod';
import type { JsonObject } from '../../src/core/definitions/event.ts';
import { id } from '../../src/core/definitions/schemas.ts';
import { streamName } from '../../src/core/definitions/stream.ts';
import { provesInclusion } from '../../src/core/proof/proofs.ts';
import type { Queryable } from '../../src/core/sql/queryable.ts';
import { noteIssues, readLogKeys } from '../../src/integrity/log/checkpointNotes.ts';
import { readCheckpoint } from '../../src/integrity/log/readCheckpoints.ts';
import { readInclusion } from '../../src/integrity/log/readProofs.ts';
import { verifyStream } from '../../src/integrity/streams/verifyStreams.ts';
import { catalog } from '../../src/modules.ts';
import { defineJob } from '../job.ts';

const input = z.strictObject({ entry_id: id }).partial();

const ENTRY = 'select owner, event_sequence, data_sha256, data_bytes from audit_entries where id = $1';

interface Entry {
  owner: string;
  event_sequence: number;
  data_sha256: string | null;
  data_bytes: number | null;
}

export const verifyAuditIntegrity = defineJob({
  name: 'verify_audit_integrity',
  summary: 'Verifies an entry of the audit trail: its stream, its place in the log, and its file',
  most_ms: 5 * 60_000,
  input: input as z.ZodType<JsonObject>,
  async run({ verifierPool, blobs, input, log }) {
    const { entry_id } = input as { entry_id?: string };
    if (entry_id === undefined) return { skipped: 'it is to be told entry_id' };
    const db: Queryable = verifierPool as never;
    const { rows } = await db.query<Entry>(ENTRY, [entry_id]);
    const [entry] = rows;
    if (!entry) return { entry_id, is_valid: false, is_signed: false, issues: ['There is no such entry'] };
    const stream = streamName('audit', entry.owner);
    const issues = [...(await verifyStream(db, catalog, stream)).issues];
    const { is_signed, issues: ofLog } = await verifyInLog(db, stream, entry.event_sequence);
    issues.push(...ofLog);
    if (entry.data_sha256 !== null) {
      const file = { sha256: entry.data_sha256, size_bytes: entry.data_bytes! };
      const fault = await blobs.findFault(file);
      if (fault) issues.push(`File ${file.sha256}: ${fault}`);
    }
    if (issues.length > 0) log.error({ entry_id, issues }, 'an entry of the audit trail does not verify');
    return { entry_id, is_valid: issues.length === 0, is_signed, issues };
  },
});

/** An entry that no checkpoint covers yet is no issue. */
async function verifyInLog(db: Queryable, stream: string, sequence: number) {
  const checkpoint = await readCheckpoint(db, null);
  const proof = await readInclusion(db, stream, sequence, checkpoint?.size ?? null);
  if (checkpoint === undefined || proof === undefined || proof === 'not_sealed')
    return { is_signed: false, issues: [] };
  const issues = await noteIssues([checkpoint], await readLogKeys(db));
  const { index, size, hashes, event_hash } = proof;
  const text = `select encode(event_hash, 'hex') as leaf from events where stream = $1 and sequence = $2`;
  const { rows } = await db.query<{ leaf: string }>(text, [stream, sequence]);
  const isProved =
    event_hash === rows[0]?.leaf && provesInclusion({ index, size, leaf: event_hash, hashes }, checkpoint.root);
  return { is_signed: true, issues: isProved ? issues : [...issues, `The log does not hold ${sequence} of ${stream}`] };
}
