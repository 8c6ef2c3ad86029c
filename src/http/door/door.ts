/**
 * The door: what every request of a command or a question passes before it is served, in the order of the contract: who,
 * feature, limit. Until a command is accepted nothing is stored.
 */
import type { Request, Response } from 'express';
import type pg from 'pg';
import type { Scopes } from '../../access/demandScope.ts';
import type { Actor } from '../../core/definitions/actor.ts';
import type { CommandDefinition, Feature, IssueLink, IssueTicket } from '../../core/definitions/command.ts';
import type { Outside } from '../../core/definitions/outside.ts';
import { Problem } from '../../core/definitions/problem.ts';
import type { Addresses } from '../../infra/addresses.ts';
import type { BadSignatures } from '../../infra/badSignatures.ts';
import type { BlobStore } from '../../infra/blobs.ts';
import type { Broadcast } from '../../infra/broadcast/broadcast.ts';
import type { Cache } from '../../infra/cache/cache.ts';
import type { IssueToken } from '../../infra/issueToken.ts';
import type { Limiter } from '../../infra/limiter/limiter.ts';
import type { LoginRecorder } from '../../infra/loginRecorder.ts';
import type { Config } from '../../infra/process/config.ts';
import type { Queues } from '../../infra/queue/queue.ts';
import type { Reports } from '../../infra/reports/reports.ts';
import type { HeadSigner } from '../../infra/signer/heads.ts';
import type { Log } from '../../infra/telemetry/log.ts';
import type { Metrics } from '../../infra/telemetry/metrics.ts';
import type { Health } from '../../infra/telemetry/probe.ts';
import type { Tokens } from '../../infra/tokens.ts';
import type { Caller, Refusals } from '../audit/refusals.ts';
import type { Acceptor } from '../commands/acceptance.ts';
import type { Outcomes } from '../commands/outcomes.ts';
import type { Waits } from '../commands/waits.ts';
import type { FeedRuns } from '../feeds/feedRuns.ts';
import type { Visits } from '../gallery/visits.ts';
import type { Guard } from '../guard/guard.ts';
import { guardDoor } from '../guard/guardDoor.ts';
import type { ContextScores } from '../logins/contextScores.ts';
import type { Sharing } from '../operations/sharing.ts';
import type { VerifyRuns } from '../operations/verifyRuns.ts';
import type { PolicyDoor } from '../policies/policyDoor.ts';
import type { Reading } from '../queries/scopedReads.ts';
import { bearerOf, senderOf, tokenMissing } from './authentication.ts';
import { callerOf, countRefused, limit } from './limits.ts';
import type { Shares } from './shares.ts';
import { whereaboutsOf } from './whereabouts.ts';

/** What serving a request needs. */
export interface ApiContext {
  config: Config;
  reading: Reading;
  queues: Queues;
  broadcast: Broadcast;
  /** Looks at what commands name outside of the record. */
  outside: Outside;
  /** What relays say of themselves. */
  reports: Reports;
  tokens: Tokens;
  limiter: Limiter;
  logins: Pick<LoginRecorder, 'see' | 'marksOf'>;
  bad_signatures: Pick<BadSignatures, 'note'>;
  guard: Guard;
  policies: PolicyDoor;
  /** How well requests fit the people whose tokens they carry. */
  contexts: ContextScores;
  /** Counts the readers of galleries. */
  visits: Visits;
  addresses: Addresses;
  cache: Cache;
  blobs: BlobStore;
  /** Of reading whole files, to hash them. */
  hashing: Shares;
  /** Of forms being taken in: nobody waits with a body half sent. */
  uploading: Shares;
  waits: Waits;
  /** Whose files may be kept. */
  installation: string;
  scopes: Scopes;
  /** The door's own connections. */
  door: pg.Pool;
  /** Of fingerprints whose text could be guessed. */
  fingerprint_key: string;
  acceptor: Acceptor;
  outcomes: Outcomes;
  verifyRuns: VerifyRuns;
  feedRuns: FeedRuns;
  /** Verifications of single sessions. */
  verifications: Sharing;
  /** Verifications for readers without a token: one at a time for an address. */
  anonymousVerifications: Shares;
  /** Bundles being written. */
  bundles: Shares;
  /** The same for readers without a token: one at a time for an address. */
  anonymousBundles: Shares;
  /** Signs where sessions stand. */
  heads: HeadSigner;
  /** This API instance, for replies. */
  instance: string;
  issueTicket: IssueTicket;
  issueLink: IssueLink;
  /** Hashes the secret of the link to what a command makes. @param id the command's */
  secretHashOf(id: string): string;
  /** How this process and what it leans on are doing. */
  health(): Health;
  /** Undefined where tokens are signed elsewhere. */
  issueToken: IssueToken | undefined;
  /** Counts what is refused, for the audit trail. */
  refusals: Refusals;
  metrics: Metrics;
  log: Log;
}

type Entered = Pick<CommandDefinition, 'route' | 'roles' | 'feature' | 'yieldsToken'> & { boards?: true };

const SIGNED_ELSEWHERE = 'JWT_PUBLIC_KEY is set: tokens are signed elsewhere, and no link can yield one.';

/** @throws {Problem} 429 of the guard, 401, 403 feature_disabled or 429, in this order */
export async function enter(
  context: ApiContext,
  req: Request,
  res: Response,
  { route, roles, feature, yieldsToken, boards }: Entered,
): Promise<Actor | null> {
  const sender = await senderOf(req, context.tokens, boards);
  if (sender === null || sender instanceof Problem) await guardDoor(context, req, route);
  if (sender instanceof Problem) context.bad_signatures.note(bearerOf(req) ?? '', req.ip);
  const actor = await countRefused(context, req, res, async () => demandGood(sender, roles));
  if (actor) res.locals.caller = { actor, route } satisfies Caller;
  if (/^\w+ \/api\/session\b/.test(route)) demandFeature(context.config, 'FEATURE_MOOT_OPERATIONS');
  if (feature !== undefined) demandFeature(context.config, feature);
  if (yieldsToken && !context.issueToken) throw new Problem('feature_disabled', SIGNED_ELSEWHERE);
  await limit(context, req, res, actor);
  if (actor) context.logins.see(actor, whereaboutsOf(req));
  if (actor && !isQuestion(req)) demandUnsuspended(context, actor);
  return actor;
}

const isQuestion = ({ method }: Request) => method === 'GET' || method === 'HEAD';

/** @throws {Problem} 403 for a login session that ends as soon as the court lets it go */
function demandUnsuspended({ tokens }: Pick<ApiContext, 'tokens'>, actor: Actor): void {
  if (tokens.isSuspended(actor)) throw new Problem('step_up_required', 'This login session is ending. Sign in again.');
}

/** @throws {Problem} 401 */
function demandGood(sender: Actor | null | Problem, roles: CommandDefinition['roles']): Actor | null {
  if (sender instanceof Problem) throw sender;
  if (sender === null && roles !== 'anyone') throw tokenMissing();
  return sender;
}

/** @throws {Problem} 403 */
export function demandFeature(config: Config, feature: Feature): void {
  if (!config[feature as keyof Config]) throw new Problem('feature_disabled', `${feature} is off.`);
}

/** @throws {Problem} 403 */
export function demandRole(actor: Actor | null, roles: CommandDefinition['roles']): void {
  // A board's token is taken nowhere but where boards may ask.
  if (roles === 'anyone' || actor?.role === 'board') return;
  if (actor !== null && (roles as readonly string[]).includes(actor.role)) return;
  throw new Problem('forbidden', `This takes one of the roles ${roles.join(', ')}.`);
}

/** The same, but that what is hidden from the person is not there. @throws {Problem} 403, or 404 */
export async function demandRoleIn(
  { reading }: Pick<ApiContext, 'reading'>,
  { roles, hides }: Pick<CommandDefinition, 'roles' | 'hides'>,
  { params }: Request,
  actor: Actor | null,
): Promise<void> {
  try {
    demandRole(actor, roles);
  } catch (refusal) {
    const asked = { actor: actor!, params: params as Record<string, string> };
    const isHidden = hides && actor && (await reading.inScope(actor, null, (db) => hides({ db, ...asked })));
    throw isHidden ? new Problem('not_found') : refusal;
  }
}

/** A reader without a token, known by the address. */
export function anonymousReader(req: Request): Actor {
  return { id: callerOf(req, null), role: 'anonymous', institution_id: null };
}
