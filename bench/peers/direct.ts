/**
 * The peer without a queue: Express and pg, one transaction for each request, in two round trips. It stores what we
 * store and answers what we answer, and its pool and plans are set to what serves it best.
 */
import type pg from 'pg';
import type { Acceptance, CommandState, Submission } from '../../src/core/inbox.ts';
import { STATE_COLUMNS } from '../../src/core/inbox.ts';
import type { Queryable } from '../../src/core/queryable.ts';
import { openPool } from '../../src/infra/database.ts';
import { runProcess } from '../../src/infra/run.ts';
import { openDoor } from './door.ts';
import { createJudge, eventValues, STORE_EVENT, type Verdict } from './record.ts';

const POOL_SIZE = Number(process.env.BENCH_POOL ?? 16);

const COMMAND_COLUMNS = `id, name, stream, streams, input, actor_id, actor_role, actor_institution_id, institution_id,
  expected_sequence, idempotency_scope, idempotency_key, fingerprint, reply_to, request_id, status, attempts,
  finished_at, outcome`;

/** Eighteen parameters from $n on; the second names the subject's stream as well. */
function commandValuesFrom(n: number): string {
  const at = (offset: number) => `$${n + offset}`;
  const values = Array.from({ length: 18 }, (_, i) => at(i));
  values[12 - 1] = `decode(${at(12 - 1)}, 'hex')`;
  values.splice(2, 0, `(${at(2)}::text[])[1]`);
  return values.join(', ');
}

const INSERT_COMMAND = (from: number) => `
  insert into commands (${COMMAND_COLUMNS}) values (${commandValuesFrom(from)})
  on conflict (idempotency_scope, idempotency_key) where idempotency_key is not null do nothing returning accepted_at`;

const STORE_APPLIED = { name: 'store-applied', text: `with ${STORE_EVENT} ${INSERT_COMMAND(12)}` };
const STORE_REJECTED = { name: 'store-rejected', text: INSERT_COMMAND(1) };
