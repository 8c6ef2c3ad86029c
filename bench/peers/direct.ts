/**
 * The peer without a queue: Express and pg, one transaction for each request, in two round trips. It stores what we
 * store and answers what we answer; its pool and its plans are set to what serves it best.
 */
import { type Acceptance, acceptCommands, type CommandState, type Submission } from '../../src/core/apply/inbox.ts';
import { openPool } from '../../src/infra/postgres/database.ts';
import { runProcess } from '../../src/infra/process/runProcess.ts';
import { openDoor } from './door.ts';
import { createJudge, eventValues, parameters, storeEvent, type Verdict } from './record.ts';

const POOL_SIZE = Number(process.env.BENCH_POOL ?? 16);
const COMMAND_PARAMETERS = 18;

const INSERT_COMMAND = insertCommand(parameters(1, COMMAND_PARAMETERS));
const STORE_APPLIED = {
  name: 'store-applied',
  text: `with ${storeEvent(COMMAND_PARAMETERS + 1)} ${INSERT_COMMAND}`,
};
const STORE_REJECTED = { name: 'store-rejected', text: INSERT_COMMAND };

function insertCommand([id, name, stream, streams, input, actor, role, of, institution, ...rest]: string[]): string {
  const [expected, scope, key, fingerprint, request, status, finished_at, outcome, redrive_of] = rest;
  return `
    insert into commands (id, name, stream, streams, input, actor_id, actor_role, actor_institution_id, institution_id,
      expected_sequence, idempotency_scope, idempotency_key, fingerprint, reply_to, request_id, status, attempts,
      finished_at, outcome, redrive_of)
    values (${id}, ${name}, ${stream}, ${streams}, ${input}, ${actor}, ${role}, ${of}, ${institution},
      ${expected}, ${scope}, ${key}, decode(${fingerprint}, 'hex'), 'direct', ${request}, ${status}, 1,
      ${finished_at}, ${outcome}, ${redrive_of})
    returning accepted_at`;
}

function commandValues(submission: Submission, { status, finished_at, outcome }: Verdict): unknown[] {
  const { id, name, streams, input, actor, institution_id, expected_sequence, idempotency } = submission;
  const { fingerprint, request_id, redrive_of } = submission;
  const who = [actor.id, actor.role, actor.institution_id, institution_id];
  const key = [idempotency?.scope ?? null, idempotency?.key ?? null, fingerprint];
  const what = [id, name, streams[0], streams, JSON.stringify(input)];
  return [...what, ...who, expected_sequence, ...key, request_id, status, finished_at, outcome, redrive_of];
}

await runProcess({ role: 'worker', verifiesTokens: false }, async (config) => {
  const pool = openPool(config.DATABASE_URL!, 'worker', POOL_SIZE, () => {});
  const judge = createJudge();

  async function accept(submission: Submission): Promise<Acceptance> {
    try {
      return { state: await apply(submission), joined: false };
    } catch (fault) {
      const isKnownKey = (fault as { code?: string }).code === '23505' && submission.idempotency !== null;
      if (!isKnownKey) throw fault;
      const [earlier] = await acceptCommands(pool, [submission]);
      return earlier!;
    }
  }

  async function apply(submission: Submission): Promise<CommandState> {
    const client = await pool.connect();
    let broken = true;
    try {
      // BEGIN goes out with the lock, and the writes with COMMIT, without waiting in between.
      const begun = client.query('begin');
      const [verdict] = await Promise.all([judge(client, submission), begun]);
      const values = commandValues(submission, verdict);
      const stored = verdict.event
        ? client.query({ ...STORE_APPLIED, values: [...values, ...eventValues(verdict.event)] })
        : client.query({ ...STORE_REJECTED, values });
      const [{ rows }] = await Promise.all([stored, client.query('commit')]);
      broken = false;
      const { status, finished_at, outcome } = verdict;
      const { id, name, request_id } = submission;
      return { id, name, request_id, status, attempts: 1, accepted_at: rows[0].accepted_at, finished_at, outcome };
    } finally {
      client.release(broken);
    }
  }

  return openDoor(config, { pool, accept, close: async () => {} });
});
