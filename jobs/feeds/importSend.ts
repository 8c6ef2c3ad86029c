/**
 * Sends the commands of a run, as the admin who asked, and waits for their outcomes. Sent again they are the same commands:
 * their ids are their own, and stay.
 */
import { readAssignmentScopes } from '../../src/access/scope.ts';
import { acceptCommands, type Submission } from '../../src/core/apply/inbox.ts';
import type { Catalog } from '../../src/core/definitions/command.ts';
import type { ProblemBody } from '../../src/core/definitions/problem.ts';
import type { Queryable } from '../../src/core/sql/queryable.ts';
import { doorbellEntryFor, type Queues } from '../../src/infra/queue/queue.ts';
import type { Log } from '../../src/infra/telemetry/log.ts';
import type { Send } from './importFrozen.ts';
import type { RunClaim } from './importLedger.ts';

export interface Sending {
  /** Role `worker`: reads. */
  db: Queryable;
  /** Role `feeds`: what it may put into the inbox is said by a policy. */
  inbox: Queryable;
  catalog: Catalog;
  queues: Queues;
  log: Log;
  /** Throws where the run is not ours any more. */
  goOn(): void;
}

/** By the command's id: undefined where it was applied, else why not. */
export type Outcomes = ReadonlyMap<string, string | undefined>;

/** Court lanes take what rings together in one transaction: hearings must not wait for a round of matches. */
const AT_ONCE = 10;
const POLL_EVERY_MS = 40;
const OUTCOMES_WITHIN_MS = 60_000;

/** @param onSettled after each batch, with what it came to */
export async function sendAll(
  sending: Sending,
  claim: RunClaim,
  institution_id: string,
  sends: readonly Send[],
  onSettled: (batch: readonly Send[], outcomes: Outcomes) => Promise<void>,
): Promise<Outcomes> {
  const all = new Map<string, string | undefined>();
  for (let from = 0; from < sends.length; from += AT_ONCE) {
    sending.goOn();
    const batch = sends.slice(from, from + AT_ONCE);
    await accept(sending, claim, institution_id, batch);
    const outcomes = await outcomesOf(sending, batch);
    await onSettled(batch, outcomes);
    for (const [id, why] of outcomes) all.set(id, why);
  }
  return all;
}

async function accept(
  { db, inbox, catalog, queues, log }: Sending,
  { id: run_id, feed_id, actor }: RunClaim,
  institution_id: string,
  batch: readonly Send[],
): Promise<void> {
  const scopes = await readAssignmentScopes(
    db,
    batch.map(({ assignment_id }) => assignment_id),
  );
  const submissions = batch.map(({ id, name, assignment_id, input }): Submission => {
    const streams = catalog.commands.get(name)!.streams({ id, input }, scopes.get(assignment_id) ?? null);
    return {
      ...{ id, name, streams, input, actor, institution_id, expected_sequence: null, fingerprint: null },
      idempotency: { scope: `feed:${feed_id}`, key: id },
      ...{ reply_to: 'feeds', request_id: run_id, redrive_of: null },
    };
  });
  await acceptCommands(inbox, submissions);
  const [first] = submissions as [Submission];
  await queues
    .queue('commands')
    .add(`${first.name} +${batch.length - 1}`, { commands: submissions.map(doorbellEntryFor) }, { jobId: first.id })
    .catch((err) => log.debug({ err }, 'ringing doorbell failed; the overdue poll finds the commands'));
}

interface OutcomeRow {
  id: string;
  status: string;
  outcome: string;
}

/** @throws where they do not come: the run is tried again, and finds them then */
async function outcomesOf({ db, goOn }: Sending, batch: readonly Send[]): Promise<Outcomes> {
  const found = new Map<string, string | undefined>();
  const started = performance.now();
  while (found.size < batch.length) {
    const missing = batch.filter(({ id }) => !found.has(id)).map(({ id }) => id);
    const text = `select id, status, outcome from commands where id = any($1) and status <> 'accepted'`;
    const { rows } = await db.query<OutcomeRow>({ name: 'read-outcomes-of-run', text, values: [missing] });
    for (const row of rows) found.set(row.id, whyOf(row));
    if (found.size === batch.length) break;
    goOn();
    if (performance.now() - started > OUTCOMES_WITHIN_MS) throw new Error('outcomes of an import do not come');
    await new Promise((resolve) => setTimeout(resolve, POLL_EVERY_MS));
  }
  return found;
}

function whyOf({ status, outcome }: OutcomeRow): string | undefined {
  if (status === 'applied') return undefined;
  return (JSON.parse(outcome) as { problem: ProblemBody }).problem.code;
}
