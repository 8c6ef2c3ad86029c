/** Commands that must be applied before the one that asks for them: sent as its sender, through the same checks. */
import type { Submission } from '../../core/apply/inbox.ts';
import { newCommandId } from '../../core/chain/ids.ts';
import type { CommandDefinition, First } from '../../core/definitions/command.ts';
import { isRejection, Problem, type ProblemBody } from '../../core/definitions/problem.ts';
import { commands } from '../../modules.ts';
import type { ApiContext } from '../door/door.ts';
import { replyOf } from './outcomes.ts';

const APPLIED_WITHIN_MS = 20_000;
const byName = new Map(commands.map((command) => [command.name, command]));

/** @throws {Problem} what stands against them; 503 where that is not known yet: sent again, only the rest is */
export async function sendFirst(
  context: ApiContext,
  first: NonNullable<CommandDefinition['first']>,
  submission: Submission,
): Promise<void> {
  const { actor, input, idempotency } = submission;
  // A repetition under its key is answered with what became of the first.
  if (idempotency && (await context.acceptor.findFingerprint(idempotency)) !== undefined) return;
  const before = await context.reading.inScope(actor, null, (db) => first({ db, actor, input }));
  if (isRejection(before)) throw new Problem(before);
  for (const one of before) await sendOne(context, submission, one);
}

async function sendOne(context: ApiContext, after: Submission, { name, input }: First): Promise<void> {
  const { actor } = after;
  const definition = byName.get(name)!;
  const scope = await context.scopes.demand(definition.target(input)!, actor);
  if (definition.admits?.(actor, scope, input) === false) throw new Problem('forbidden');
  const id = newCommandId();
  const waiting = context.outcomes.waitFor(id);
  try {
    const acceptance = await context.acceptor.accept({
      ...after,
      ...{ id, name, input, streams: definition.streams({ id, input }, scope), institution_id: scope.institution_id },
      ...{ expected_sequence: null, idempotency: null, fingerprint: null },
    });
    const known = 'state' in acceptance ? replyOf(acceptance.state) : undefined;
    const reply = known ?? (await waiting.within(APPLIED_WITHIN_MS));
    if (reply?.status === 'applied') return;
    if (!reply) throw new Problem('unavailable', 'What goes before it is not applied yet.', {}, { 'Retry-After': '2' });
    const { problem } = JSON.parse(reply.body) as { problem: ProblemBody };
    throw new Problem({ rejected: problem.code, problem });
  } finally {
    waiting.cancel();
  }
}
