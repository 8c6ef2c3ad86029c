/**
 * What was erased after a backup was taken is in it, and is erased again where the backup is restored: by the command that
 * erased it, in the name of who did, so that the restored record says so itself.
 */
import { execute, record } from '../core/apply/execute.ts';
import { acceptCommands } from '../core/apply/inbox.ts';
import type { Outcome } from '../core/apply/outcome.ts';
import { createStates } from '../core/apply/streamStates.ts';
import { newCommandId } from '../core/chain/ids.ts';
import { kindOf, workOf } from '../core/definitions/stream.ts';
import type { Queryable } from '../core/sql/queryable.ts';
import type { ErasureEntry } from '../infra/erasuresFile.ts';
import { catalog } from '../modules.ts';

/** Those whose payload the database holds, just as it was when it was erased. */
const HELD = `
  select s.id as session_id, asked.n
  from unnest($1::text[], $2::integer[], $3::text[]) with ordinality as asked (stream, sequence, commitment, n)
  join events e on e.stream = asked.stream and e.sequence = asked.sequence
    and e.payload_commitment = decode(asked.commitment, 'hex')
  join event_payloads p on p.stream = e.stream and p.sequence = e.sequence
  join courtroom_sessions s on asked.stream in ('session:' || s.id, 'assignment:' || s.assignment_id)
  order by asked.n`;

const ERASE = 'payload.erase';

/** @param db in the worker's role, with no transaction open. @returns how many were */
export async function eraseAgain(db: Queryable, entries: readonly ErasureEntry[]): Promise<number> {
  const { rows } = await db.query<{ session_id: string; n: string }>(HELD, [
    entries.map(({ stream }) => stream),
    entries.map(({ event_sequence }) => event_sequence),
    entries.map(({ payload_commitment }) => payload_commitment),
  ]);
  for (const { session_id, n } of rows) await eraseOne(db, session_id, entries[Number(n) - 1]!);
  return rows.length;
}

async function eraseOne(db: Queryable, session_id: string, entry: ErasureEntry): Promise<void> {
  const { rows } = await db.query<{ assignment_id: string }>(
    'select assignment_id from courtroom_sessions where id = $1',
    [session_id],
  );
  const id = newCommandId();
  const { event_sequence, reason, actor_id, stream } = entry;
  const input = { session_id, event_sequence, reason, stream: kindOf(stream) };
  const command = {
    ...{ id, name: ERASE, streams: [`session:${session_id}`, `assignment:${rows[0]!.assignment_id}`], input },
    ...{ actor: { id: actor_id, role: 'super_admin' as const, institution_id: null }, institution_id: null },
    ...{ expected_sequence: null, idempotency: null, fingerprint: null, redrive_of: null },
    ...{ reply_to: 'restore', request_id: id },
  };
  await acceptCommands(db, [command]);
  for (let outcome: Outcome | undefined; outcome === undefined; ) {
    await db.query('begin');
    const decided = await execute(db, catalog, createStates(catalog), { work: workOf([command]), limit: 1_000 });
    await record(db, decided);
    await db.query('commit');
    outcome = decided.outcomes.find((one) => one.id === id);
    const isStuck = decided.outcomes.length === 0;
    if (isStuck || (outcome && outcome.status !== 'applied')) {
      throw new Error(`event ${event_sequence} of ${stream} could not be erased again: ${outcome?.body}`);
    }
  }
}
