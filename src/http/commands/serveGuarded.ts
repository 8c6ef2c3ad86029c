/**
 * Serving a mutation that the guard stands before: its sender is an author, with a token or, where it is public,
 * without. What is refused by a rule is no command. A repetition under an Idempotency-Key is not refused and not counted:
 * its answer is what became of the first.
 */
import type { Request, Response } from 'express';
import type { Submission } from '../../core/apply/inbox.ts';
import type { Actor } from '../../core/definitions/actor.ts';
import type { Author, Guarded, PostTerms } from '../../core/definitions/author.ts';
import type { CommandDefinition } from '../../core/definitions/command.ts';
import { levelOf } from '../../guard/rules.ts';
import type { Turn } from '../../infra/guard/guardStore.ts';
import { withoutToken } from '../door/authentication.ts';
import { readJson } from '../door/body.ts';
import { type ApiContext, anonymousReader, demandRole, enter } from '../door/door.ts';
import { readIdempotencyKey } from '../door/preferences.ts';
import type { Place } from '../guard/guard.ts';
import { refusedText } from '../guard/refusals.ts';
import { checkCommand, submit } from './serveCommand.ts';

/** A command of a known author, that may be accepted. */
interface Speaking {
  submission: Submission;
  author: Author;
  place: Place;
  /** The cooldown that it began. */
  turn?: Turn;
}

export function serveGuarded(context: ApiContext, definition: CommandDefinition, guarded: Guarded) {
  return async (req: Request, res: Response): Promise<void> => {
    const sender = await enter(context, req, res, definition);
    if (sender && !(await isRepetition(context, req, sender))) await context.guard.pace(sender);
    const body = await readJson(req, res);
    demandRole(sender, definition.roles);
    const check = () => checkCommand(context, definition, req, res, sender, { body });
    const submission = await (sender ? check() : withoutToken(check));
    const speaking = await demandUnrefused(context, guarded, req, sender, submission);
    await submitGuarded(context, definition, req, res, speaking);
  };
}

/** Repetitions are bounded by how often a key is looked up: from then on they count like others. */
async function isRepetition({ acceptor, guard }: ApiContext, req: Request, sender: Actor): Promise<boolean> {
  const key = readIdempotencyKey(req, []);
  if (key === null || !(await guard.mayAsk(req, sender))) return false;
  return (await acceptor.findFingerprint({ scope: sender.id, key })) !== undefined;
}

/** @throws {Problem} 422 refused_text, 429 cooldown, or 503 */
async function demandUnrefused(
  context: ApiContext,
  guarded: Guarded,
  req: Request,
  sender: Actor | null,
  submission: Submission,
): Promise<Speaking> {
  const { guard, acceptor } = context;
  const { input, idempotency } = submission;
  const place = { institution_id: submission.institution_id!, session_id: input.session_id as string };
  const known = await guard.authorOf(req, sender, place, guarded.pace !== undefined);
  const actor = sender ?? anonymousReader(req);
  const { pace: readPace } = guarded;
  const nameIn = guard.nameIn(req, sender, place);
  const paceOf = async (author: Author) =>
    readPace && context.reading.byKeys(actor, place.session_id, (db) => readPace({ db, actor, input, author, nameIn }));
  const isKnown = idempotency !== null && (await acceptor.findFingerprint(idempotency)) !== undefined;
  if (isKnown)
    return { submission: submissionOf(submission, sender, known, await paceOf(known)), author: known, place };
  const refusal = guarded.refuse?.(input);
  if (refusal) {
    await guard.tellRefused(known, place);
    throw refusedText(refusal.rule);
  }
  const isTrapped = guarded.isTrapped?.(input) ?? false;
  const author = { ...known, is_shadowed: known.is_shadowed || isTrapped };
  const pace = await paceOf(author);
  if (!pace) return { submission: submissionOf(submission, sender, author), author, place };
  const turn = await guard.post(author, place, pace);
  if (isTrapped) await guard.tellTrapped(author, place);
  const judged = { ...author, shown_to: levelOf(pace.reporters).shown_to };
  return { submission: submissionOf(submission, sender, judged, pace), author: judged, place, turn };
}

/** The name goes no further where the institution shows none. */
function submissionOf(submission: Submission, sender: Actor | null, author: Author, terms?: PostTerms): Submission {
  const actor = sender ?? { id: author.id, role: 'anonymous' as const, institution_id: null };
  const { author_name, ...input } = submission.input;
  const named = terms?.shows_names && author_name !== undefined;
  return { ...submission, actor, input: { ...input, ...(named && { author_name }), author } };
}

/** Longer than a command waits for a lock or another try. */
const OUTCOME_WITHIN_MS = 10 * 60_000;

/** What is not taken begins no cooldown, also where that comes out after the answer. */
async function submitGuarded(
  context: ApiContext,
  definition: CommandDefinition,
  req: Request,
  res: Response,
  { submission, author, place, turn }: Speaking,
): Promise<void> {
  const giveBack = async () => turn && context.guard.giveBack(author, place, turn);
  try {
    await submit(context, definition, req, res, submission);
  } catch (fault) {
    await giveBack();
    throw fault;
  }
  if (res.statusCode >= 400) await giveBack();
  if (turn && res.statusCode === 202) void giveBackRejected(context, submission.id, giveBack);
}

/** Best effort: where too many wait, or this process stops, the author waits for the cooldown. */
async function giveBackRejected(
  { waits, outcomes, log }: ApiContext,
  id: string,
  giveBack: () => Promise<unknown>,
): Promise<void> {
  const endWait = waits.begin('cooldowns');
  if (!endWait) return;
  try {
    const reply = await outcomes.waitFor(id).within(OUTCOME_WITHIN_MS);
    if (reply && reply.status !== 'applied') await giveBack();
  } catch (err) {
    log.debug({ err }, 'giving cooldown back failed');
  } finally {
    endWait();
  }
}
