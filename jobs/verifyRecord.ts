/** Verifies the record of one institution, or all of it, and leaves the report as the job's result. Changes nothing. */
import type { Job } from 'bullmq';
import type pg from 'pg';
import { book } from '../src/commands.ts';
import type { Blobs } from '../src/core/blobs.ts';
import type { VerifyRequest } from '../src/http/globalVerify.ts';
import { verifyRecord } from '../src/integrity/verifyRecord.ts';

export function verifyRecordJob(pool: pg.Pool, blobs: Blobs) {
  return async (job: Job<VerifyRequest>) => {
    const client = await pool.connect();
    try {
      return await verifyRecord(client as never, book, job.data, (progress) => job.updateProgress(progress), blobs);
    } finally {
      client.release();
    }
  };
}
