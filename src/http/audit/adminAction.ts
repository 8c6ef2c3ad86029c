/**
 * What an admin does that is no command, and stands on the audit trail all the same: the entry is accepted in the transaction
 * in which it is done, so that neither is there without the other.
 */
import { type Entry, recordEntries } from '../../audit/recordEntries.ts';
import { acceptCommands } from '../../core/apply/inbox.ts';
import { systemSubmission } from '../../core/apply/systemSubmission.ts';
import type { Actor } from '../../core/definitions/actor.ts';
import type { Queryable } from '../../core/sql/queryable.ts';
import { inTransaction } from '../../infra/postgres/database.ts';
import { doorbellEntryFor, doorbellFor } from '../../infra/queue/queue.ts';
import type { ApiContext } from '../door/door.ts';

export interface AdminAction extends Pick<Entry, 'action' | 'happened_at'> {
  subject: string;
  /** Whose trail has it; null: the installation's. */
  institution_id: string | null;
}

type Context = Pick<ApiContext, 'door' | 'queues' | 'installation' | 'metrics' | 'log'>;

/** @param act does it, by the door's connection; where it answers undefined nothing was done. @returns whether it was done */
export async function doAudited(
  context: Context,
  actor: Actor,
  act: (db: Queryable) => Promise<AdminAction | undefined>,
): Promise<boolean> {
  const submission = await inTransaction(context.door, async (db) => {
    const done = await act(db);
    if (!done) return undefined;
    const entry = submissionOf(done, actor, context.installation);
    await acceptCommands(db, [entry]);
    return entry;
  });
  if (submission) await ring(context, submission);
  return submission !== undefined;
}

function submissionOf({ institution_id, ...action }: AdminAction, { id: user_id, role }: Actor, installation: string) {
  const owner = institution_id ?? installation;
  const type = 'admin_action' as const;
  const told = { outcome: 'applied' as const, code: null, command_id: null, count: 1 };
  const input = { owner, entries: [{ type, user_id, role, ...action, ...told }] };
  const streams = recordEntries.streams({ id: '', input }, null as never);
  return systemSubmission({ name: recordEntries.name, streams, input, institution_id: owner });
}

async function ring({ queues, metrics, log }: Context, submission: ReturnType<typeof submissionOf>): Promise<void> {
  const { queue, options } = doorbellFor('apart');
  const commands = [doorbellEntryFor(submission)];
  await queues
    .queue(queue)
    .add(submission.name, { commands }, { jobId: submission.id, ...options })
    .catch((err) => {
      metrics.ringFailures.inc();
      log.debug({ err }, 'ringing doorbell failed; the overdue poll finds the command');
    });
}
