/**
 * The inbox: a command is accepted when it is committed here, and from then on it will reach exactly one outcome.
 * Inbox order under the stream's lock is the order in which a stream's commands are decided.
 */

import type { Actor } from '../definitions/actor.ts';
import type { JsonObject } from '../definitions/event.ts';
import type { Queryable } from '../sql/queryable.ts';

export type CommandStatus = 'accepted' | 'applied' | 'rejected' | 'dead';

/** A command on its way into the inbox. */
export interface Submission {
  id: string;
  name: string;
  streams: string[];
  input: JsonObject;
  actor: Actor;
  /** The institution whose admins may look at the command. */
  institution_id: string | null;
  expected_sequence: number | null;
  idempotency: { scope: string; key: string } | null;
  /** Hex SHA-256 of method, path and canonical body; what a key is compared by. */
  fingerprint: string | null;
  /** The API instance that waits for the outcome. */
  reply_to: string;
  request_id: string;
  /** W3C trace context of the request, where it is traced. */
  traceparent?: string | null;
  redrive_of: string | null;
}

/** A command that has no outcome yet. */
export interface PendingCommand {
  id: string;
  name: string;
  stream: string;
  streams: string[];
  input: JsonObject;
  actor: Actor;
  expected_sequence: number | null;
  attempts: number;
  /** It waits for longer than it should: the worker that took it may have died of it. */
  overdue?: boolean;
  last_error: string | null;
  reply_to: string;
  request_id: string;
  traceparent: string | null;
}

/** How a command stands. `outcome` is the JSON text that ends its answer, null until then. */
export interface CommandState {
  id: string;
  name: string;
  /** Of the request that sent it. */
  request_id: string;
  status: CommandStatus;
  attempts: number;
  accepted_at: string;
  finished_at: string | null;
  outcome: string | null;
}

/** `joined`: the key belonged to an earlier command, which this is. */
export type Acceptance = { state: CommandState; joined: boolean } | { reused: true };

export const STATE_COLUMNS = 'id, name, request_id, status, attempts, accepted_at, finished_at, outcome';

const INSERT = {
  name: 'accept-commands',
  text: `
    insert into commands (id, name, stream, streams, input, actor_id, actor_role, actor_institution_id, institution_id,
      expected_sequence, idempotency_scope, idempotency_key, fingerprint, reply_to, request_id, traceparent,
      redrive_of)
    select id, name, streams[1], streams, input, actor_id, actor_role, actor_institution_id, institution_id,
      expected_sequence, idempotency_scope, idempotency_key, decode(fingerprint, 'hex'), reply_to, request_id,
      traceparent, redrive_of
    from rows from (json_to_recordset($1) as (id uuid, name text, streams text[], input json, actor_id text,
      actor_role text, actor_institution_id uuid, institution_id uuid, expected_sequence int, idempotency_scope text,
      idempotency_key text, fingerprint text, reply_to text, request_id text, traceparent text, redrive_of uuid)) with ordinality
    order by ordinality
    on conflict do nothing
    returning id, accepted_at`,
};

/** Stores a batch and answers for all of it: `storeCommands`, and for what that did not store `readEarlier`. */
export async function acceptCommands(db: Queryable, batch: Submission[]): Promise<Acceptance[]> {
  const stored = await storeCommands(db, batch);
  const rest = batch.filter(({ id }) => !stored.has(id));
  const earlier = rest.length > 0 ? await readEarlier(db, rest) : [];
  return batch.map((submission) => {
    const acceptance = stored.get(submission.id) ?? earlier[rest.indexOf(submission)];
    if (!acceptance) throw new Error(`command ${submission.id} was neither stored nor found by its key`);
    return acceptance;
  });
}

/**
 * Stores a batch in one statement; durable when it resolves. Safe to repeat with the same ids after a lost connection.
 * @returns by id what this statement stored; of the rest nothing was stored, as its id or its key was there before
 */
export async function storeCommands(db: Queryable, batch: Submission[]): Promise<Map<string, Acceptance>> {
  const rows = JSON.stringify(batch.map(inboxRow));
  const stored = await db.query<{ id: string; accepted_at: string }>({ ...INSERT, values: [rows] });
  const accepted = new Map(stored.rows.map((row) => [row.id, row.accepted_at]));
  return new Map(
    batch
      .filter(({ id }) => accepted.has(id))
      .map((submission) => [
        submission.id,
        { state: newState(submission, accepted.get(submission.id)!), joined: false },
      ]),
  );
}

// Each by its own index: an OR of both would be answered by reading the whole inbox.
const EARLIER = {
  name: 'read-earlier',
  text: `
    select ${STATE_COLUMNS}, idempotency_scope, idempotency_key, encode(fingerprint, 'hex') as fingerprint
    from commands where id = any($1)
    union all
    select ${STATE_COLUMNS}, idempotency_scope, idempotency_key, encode(fingerprint, 'hex') as fingerprint
    from unnest($2::text[], $3::text[]) as asked (scope, key)
    join commands on idempotency_scope = asked.scope and idempotency_key = asked.key and idempotency_key is not null`,
};

/**
 * Which commands those are that were there before, for each of a batch of which nothing was stored.
 * @returns undefined for a submission whose earlier command has been pruned since
 */
export async function readEarlier(db: Queryable, batch: Submission[]): Promise<(Acceptance | undefined)[]> {
  const keyed = batch.flatMap(({ idempotency }) => idempotency ?? []);
  const ids = batch.map(({ id }) => id);
  const values = [ids, keyed.map(({ scope }) => scope), keyed.map(({ key }) => key)];
  const { rows } = await db.query<Earlier>({ ...EARLIER, values });
  return batch.map((submission) => joinEarlier(submission, rows));
}

/** The fingerprint of the command that has this key; null where it has none, undefined where there is no such command. */
export async function findFingerprint(
  db: Queryable,
  { scope, key }: NonNullable<Submission['idempotency']>,
): Promise<string | null | undefined> {
  const text = `select encode(fingerprint, 'hex') as fingerprint from commands
    where idempotency_scope = $1 and idempotency_key = $2`;
  const { rows } = await db.query<{ fingerprint: string | null }>({ name: 'find-key', text, values: [scope, key] });
  return rows[0]?.fingerprint;
}

function inboxRow(submission: Submission): JsonObject {
  const { id, name, streams, input, actor, institution_id, expected_sequence, idempotency } = submission;
  const { fingerprint, reply_to, request_id, traceparent = null, redrive_of } = submission;
  return {
    id,
    name,
    streams,
    input,
    actor_id: actor.id,
    actor_role: actor.role,
    actor_institution_id: actor.institution_id,
    institution_id,
    expected_sequence,
    idempotency_scope: idempotency?.scope ?? null,
    idempotency_key: idempotency?.key ?? null,
    fingerprint,
    reply_to,
    request_id,
    traceparent,
    redrive_of,
  };
}

function newState({ id, name, request_id }: Submission, accepted_at: string): CommandState {
  return { id, name, request_id, status: 'accepted', attempts: 0, accepted_at, finished_at: null, outcome: null };
}

type Earlier = CommandState & {
  idempotency_scope: string | null;
  idempotency_key: string | null;
  fingerprint: string | null;
};

function joinEarlier({ id, idempotency, fingerprint }: Submission, earlier: Earlier[]): Acceptance | undefined {
  const own = earlier.find((row) => row.id === id);
  if (own) return { state: own, joined: false };
  const found = earlier.find(
    (row) => row.idempotency_scope === idempotency?.scope && row.idempotency_key === idempotency?.key,
  );
  if (!found) return undefined;
  return found.fingerprint === fingerprint ? { state: found, joined: true } : { reused: true };
}
