/**
 * Whether the log that holds the audit trail is well: the latest checkpoint, how old it is and that its signature is good,
 * how long events wait for one, and that files can be written. What is wrong is said in the log at level error.
 */
import { newCommandId } from '../../src/core/chain/ids.ts';
import type { BlobStore } from '../../src/infra/blobs.ts';
import { noteIssues, readLogKeys } from '../../src/integrity/log/checkpointNotes.ts';
import { defineJob } from '../job.ts';
import { measureLag } from '../log/measureLag.ts';

/** A checkpoint is due every minute at the latest where anything has happened. */
const MOST_UNSIGNED_SECONDS = 300;

const LATEST = `
  select size, encode(root, 'hex') as root, note, extract(epoch from clock_timestamp() - created_at)::float8 as age_seconds
  from log_checkpoints order by size desc limit 1`;

interface Latest {
  size: number;
  root: string;
  note: string;
  age_seconds: number;
}

export const checkLedgerHealth = defineJob({
  name: 'check_blockchain_health',
  summary:
    'Looks at the latest checkpoint, its age and signature, what waits for one, and whether files can be written',
  most_ms: 60_000,
  async run({ pool, verifierPool, blobs, log }) {
    const { rows } = await verifierPool.query<Latest>(LATEST);
    const unsigned_seconds = Math.round(await measureLag(pool as never));
    const concerns = rows[0] ? await noteIssues([rows[0]], await readLogKeys(verifierPool as never)) : [];
    const is_signature_good = rows[0] ? concerns.length === 0 : null;
    if (unsigned_seconds > MOST_UNSIGNED_SECONDS)
      concerns.push(`Events wait for a checkpoint for ${unsigned_seconds} s`);
    const fault = await faultOf(blobs);
    if (fault !== undefined) concerns.push(`Files cannot be written: ${fault}`);
    if (concerns.length > 0) log.error({ concerns }, 'the log is not well');
    const { size = 0, root = null, age_seconds = null } = rows[0] ?? {};
    return {
      ...{ size, root, age_seconds: age_seconds && Math.round(age_seconds), is_signature_good, unsigned_seconds },
      ...{ are_files_writable: fault === undefined, concerns },
    };
  },
});

/** Writes a small file and takes it away again. */
async function faultOf(blobs: BlobStore): Promise<string | undefined> {
  try {
    const probe = [new TextEncoder().encode(newCommandId())];
    const draft = await blobs.receive(one(probe), 100);
    await draft.discard();
    return undefined;
  } catch (fault) {
    return (fault as NodeJS.ErrnoException).code ?? (fault as Error).message;
  }
}

async function* one(pieces: Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* pieces;
}
