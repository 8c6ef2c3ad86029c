/** Serving a mutation: check it, accept it, wait for its outcome, answer it. One function for every command. */
import { createHmac } from 'node:crypto';
import { SpanKind } from '@opentelemetry/api';
import canonicalize from 'canonicalize';
import type { Request, Response } from 'express';
import type { Scope } from '../../access/scope.ts';
import type { Submission } from '../../core/apply/inbox.ts';
import { isUuid, newCommandId } from '../../core/chain/ids.ts';
import { sha256 } from '../../core/chain/sha256.ts';
import type { Actor } from '../../core/definitions/actor.ts';
import type { CommandDefinition, InputError, Mutation } from '../../core/definitions/command.ts';
import type { JsonObject } from '../../core/definitions/event.ts';
import { Problem } from '../../core/definitions/problem.ts';
import type { FileInfo } from '../../core/definitions/upload.ts';
import { parentOf, traceparentOf, tracer, within } from '../../infra/telemetry/tracing.ts';
import { parseBody, readJson } from '../door/body.ts';
import { type ApiContext, anonymousReader, demandFeature, demandRoleIn, enter } from '../door/door.ts';
import { demandValid, listFaults } from '../door/inputErrors.ts';
import { callerOf, limitOwn, ownLimitOf } from '../door/limits.ts';
import { readIdempotencyKey, readIfMatch, readPreferences } from '../door/preferences.ts';
import { IDS_OF_OTHERS } from '../door/route.ts';
import { whereaboutsOf } from '../door/whereabouts.ts';
import { demandPolicies } from '../policies/demandPolicies.ts';
import type { Decided } from '../policies/storeDecisions.ts';
import { anonymousScope } from './anonymousScope.ts';
import { answerAccepted, answerOutcome } from './answers.ts';
import { replyOf } from './outcomes.ts';
import { sendFirst } from './sendFirst.ts';

/** What a request brings beside its headers. */
export interface RequestContent {
  body: unknown;
  faults?: InputError[];
  file?: FileInfo | undefined;
}

export function serveCommand(context: ApiContext, definition: CommandDefinition) {
  const ownLimit = ownLimitOf(definition);
  return async (req: Request, res: Response): Promise<void> => {
    const sender = await enter(context, req, res, definition);
    // What is refused for what it names is not counted.
    const isLimitedLast = definition.refuse !== undefined;
    if (!isLimitedLast) await limitOwn(context, ownLimit, req, res, sender);
    const body = await readJson(req, res);
    await demandRoleIn(context, definition, req, sender);
    const submission = await checkCommand(context, definition, req, res, sender, { body });
    if (definition.first) await sendFirst(context, definition.first, submission);
    if (isLimitedLast) await limitOwn(context, ownLimit, req, res, sender);
    await submit(context, definition, req, res, submission, readingAside(context, definition, submission));
  };
}

/** Reads what is added to the result of a command that was applied, and counts those that are no repetition. */
type ReadAdded = (isRepetition: boolean) => Promise<JsonObject>;

function readingAside(
  { reading, metrics }: ApiContext,
  { readAside, counted }: CommandDefinition,
  { actor, input }: Submission,
): ReadAdded | undefined {
  if (!readAside) return undefined;
  return (isRepetition) => {
    if (counted && !isRepetition) metrics[counted].inc();
    return reading.inScope(actor, null, (db) => readAside(db, input));
  };
}

/** @throws {Problem} 422, 403 feature_disabled, 404 or 403, in this order */
export async function checkCommand(
  context: ApiContext,
  definition: CommandDefinition,
  req: Request,
  res: Response,
  sender: Actor | null,
  { body, faults = [], file }: RequestContent,
): Promise<Submission> {
  const expected_sequence = readIfMatch(req, faults);
  const key = readIdempotencyKey(req, faults);
  const id = newCommandId();
  const actor = sender ?? { id: `observer:${id}`, role: 'observer', institution_id: null };
  const input: JsonObject = {
    ...parseBody(body, definition.body, faults, definition.fractions),
    ...lowered(req.params),
    ...(file && { file }),
    ...(definition.secret && { secret_hash: context.secretHashOf(id) }),
    ...(definition.signed && sender?.name !== undefined && { author_name: sender.name }),
  };
  demandValid(listFaults(definition.faults?.(input, actor)));
  for (const feature of definition.features?.(input) ?? []) demandFeature(context.config, feature);
  if (definition.ownerOf) input.owner = await demandOwner(context, definition.ownerOf, req, actor, input);
  const target = definition.target(input);
  const scope = target ? await context.scopes.demand(target, sender) : null;
  if (definition.admits?.(actor, scope, input) === false) {
    throw new Problem('forbidden', 'This belongs to another institution.');
  }
  const idempotency = key === null ? null : { scope: sender?.id ?? anonymousScope(req), key };
  const institution_id = institutionOf(scope, input, actor);
  const where = { institution_id, session_id: sessionOf(input), from: whereaboutsOf(req) };
  const knocking = { command: definition.name, actor: sender, ...where };
  res.locals.decided = await demandPolicies(context, knocking, idempotency);
  await demandUnrefused(context, definition, req, sender, input, idempotency);
  const kept = (await definition.putAside?.(context.door, { id, input, actor })) ?? input;
  return {
    id,
    name: definition.name,
    streams: definition.streams({ id, input: kept, is_conditional: expected_sequence !== null }, scope),
    input: kept,
    actor,
    institution_id,
    expected_sequence,
    idempotency,
    fingerprint: fingerprintOf(context, definition, req, key, file ? [body, file] : body),
    reply_to: context.instance,
    request_id: res.locals.request_id as string,
    redrive_of: null,
  };
}

export function sessionOf({ session_id }: JsonObject): string | null {
  return typeof session_id === 'string' ? session_id : null;
}

/** A repetition is not refused: its answer is what became of the first. @throws {Problem} */
async function demandUnrefused(
  { reading, acceptor, outside }: ApiContext,
  { refuse, looksOut }: CommandDefinition,
  req: Request,
  sender: Actor | null,
  input: JsonObject,
  idempotency: Submission['idempotency'],
): Promise<void> {
  if (!refuse && !looksOut) return;
  if (idempotency && (await acceptor.findFingerprint(idempotency)) !== undefined) return;
  const actor = sender ?? anonymousReader(req);
  if (looksOut) demandValid(listFaults(await looksOut(outside, { input, actor })));
  if (!refuse) return;
  const rejection = await reading.byKeys(actor, null, (db) => refuse({ db, actor, input }));
  if (rejection) throw new Problem(rejection);
}

/**
 * What a repetition is compared by, and what is left of a request of which the inbox keeps no text. Keyed where the body
 * holds what is put aside, and where nothing is compared with it: from a bare hash a telephone number could be guessed.
 */
function fingerprintOf(
  { fingerprint_key }: ApiContext,
  { putAside, keeps }: CommandDefinition,
  req: Request,
  key: string | null,
  body: unknown,
): string | null {
  if (key === null && !keeps) return null;
  const text = `${req.method} ${req.path}\n${canonicalize(body)}`;
  const isKeyed = putAside !== undefined || key === null;
  return isKeyed ? createHmac('sha256', fingerprint_key).update(text).digest('hex') : sha256(text);
}

/** @throws {Problem} 404 */
async function demandOwner(
  { reading, logins, installation }: ApiContext,
  ownerOf: NonNullable<CommandDefinition['ownerOf']>,
  req: Request,
  actor: Actor,
  input: JsonObject,
): Promise<string> {
  const from = logins.marksOf(whereaboutsOf(req));
  const owner = await reading.inScope(actor, null, (db) => ownerOf({ db, actor, from, input, installation }));
  if (owner === undefined) throw new Problem('not_found');
  return owner;
}

export function lowered(params: Request['params']): JsonObject {
  const plain = (name: string, text: string) =>
    isUuid(text) && !IDS_OF_OTHERS.includes(name) ? text.toLowerCase() : text;
  return Object.fromEntries(Object.entries(params).map(([name, value]) => [name, plain(name, String(value))]));
}

function institutionOf(scope: unknown, input: JsonObject, actor: Actor): string | null {
  const named = (scope as Scope | null)?.institution_id ?? input.institution_id;
  return (named as string | undefined) ?? actor.institution_id;
}

/** Stores the command and answers its outcome, or 202 when that takes longer than the sender waits. */
export async function submit(
  context: ApiContext,
  definition: Mutation,
  req: Request,
  res: Response,
  submission: Submission,
  readAdded?: ReadAdded,
): Promise<void> {
  const { id, name, request_id } = submission;
  res.locals.command_id = id;
  const { wait_ms, applied } = readPreferences(req);
  const endWait = wait_ms > 0 ? context.waits.begin(callerOf(req, submission.actor)) : undefined;
  if (applied.length > 0) res.set('Preference-Applied', applied.join(', '));
  res.vary('Prefer');
  const started = performance.now();
  let waiting = context.outcomes.waitFor(id);
  try {
    const attributes = { 'plearoll.command': name, 'plearoll.command_id': id, 'plearoll.request_id': request_id };
    const span = tracer.startSpan('accept', { kind: SpanKind.PRODUCER, attributes }, parentOf(req.headers.traceparent));
    const traced = { ...submission, traceparent: traceparentOf(span) };
    const acceptance = await within(span, () => context.acceptor.accept(traced));
    if ('reused' in acceptance) throw new Problem('idempotency_key_reused');
    const decided = res.locals.decided as Decided | undefined;
    if (decided && !acceptance.joined) context.policies.note(decided);
    if (acceptance.joined) {
      res.set('Idempotent-Replayed', 'true');
      waiting.cancel();
      waiting = context.outcomes.waitFor(acceptance.state.id);
    }
    const reply = replyOf(acceptance.state) ?? (endWait ? await waiting.within(wait_ms) : undefined);
    context.metrics.endToEndSeconds.observe(
      { outcome: reply?.status ?? 'accepted' },
      (performance.now() - started) / 1_000,
    );
    if (reply) {
      const { input, actor } = submission;
      const added = reply.status === 'applied' ? await readAdded?.(acceptance.joined) : undefined;
      const { issueTicket, issueLink } = context;
      const answered = { definition, input, actor, issueTicket, issueLink, added };
      answerOutcome(res, reply, acceptance.state.request_id, answered);
    } else answerAccepted(res, acceptance.state);
  } finally {
    waiting.cancel();
    endWait?.();
  }
}
