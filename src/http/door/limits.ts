/** Rate limits at the door: the commands of a sender in a minute, the questions apart from them, and what is limited besides. */
import type { Request, Response } from 'express';
import type { Actor } from '../../core/definitions/actor.ts';
import type { CommandDefinition } from '../../core/definitions/command.ts';
import { Problem } from '../../core/definitions/problem.ts';
import { type Addresses, limitKey } from '../../infra/addresses.ts';
import type { Limiter } from '../../infra/limiter/limiter.ts';
import type { Config } from '../../infra/process/config.ts';
import type { Acceptor } from '../commands/acceptance.ts';
import { readIdempotencyKey } from './preferences.ts';

const A_MINUTE = { window_ms: 60_000, within: 'a minute' };
const AN_HOUR = { window_ms: 3_600_000, within: 'an hour' };

const LIMITS = {
  general_api: { setting: 'RATE_LIMIT_GENERAL_PER_MINUTE', what: 'commands', ...A_MINUTE },
  general_reads: { setting: 'RATE_LIMIT_READS_PER_MINUTE', what: 'questions', ...A_MINUTE },
  objection_raise: { setting: 'RATE_LIMIT_OBJECTIONS_PER_MINUTE', what: 'objections', ...A_MINUTE },
  exhibit_upload: { setting: 'RATE_LIMIT_UPLOADS_PER_MINUTE', what: 'uploads', ...A_MINUTE },
  contact_reveal: { setting: 'RATE_LIMIT_REVEALS_PER_HOUR', what: 'contact cards', ...AN_HOUR },
  telemetry: { setting: 'RATE_LIMIT_TELEMETRY_PER_HOUR', what: 'batches of telemetry', ...AN_HOUR },
} as const;

export type ApiLimit = keyof typeof LIMITS;

interface Limiting {
  limiter: Limiter;
  addresses: Pick<Addresses, 'isAllowlisted'>;
  config: Config;
}

/** The sender of a request, as limits count: the user, or the address where there is none. */
export function callerOf({ ip }: Request, actor: Actor | null): string {
  return isUser(actor) ? actor.id : limitKey(ip);
}

/** One link is opened by many screens: a board is counted by its address, like a reader without a token. */
function isUser(actor: Actor | null): actor is Actor {
  return actor !== null && actor.role !== 'observer' && actor.role !== 'board';
}

/** A board that asks every second must not keep its clerk from sending commands. */
function generalLimitOf({ method }: Request): ApiLimit {
  return method === 'GET' || method === 'HEAD' ? 'general_reads' : 'general_api';
}

/** The headers of the answer tell of the limit that was looked at last. @throws {Problem} 429 */
export async function limit(
  { limiter, addresses, config }: Limiting,
  req: Request,
  res: Response,
  actor: Actor | null,
  type: ApiLimit = generalLimitOf(req),
): Promise<void> {
  if (!isUser(actor) && addresses.isAllowlisted(req.ip!)) return;
  const { setting, what, window_ms, within } = LIMITS[type];
  const identifier = callerOf(req, actor);
  const verdict = await limiter.take([{ type, identifier, limit: config[setting], window_ms }]);
  if (verdict.admitted) {
    if (verdict.tightest) res.set(headersOf(verdict.tightest));
    return;
  }
  const { limit, retry_after_ms } = verdict;
  const headers = headersOf({ limit, remaining: 0, reset_ms: retry_after_ms });
  const extra = { limit: type, retry_after_ms };
  res.set(headers);
  throw new Problem('rate_limited', `At most ${limit} ${what} ${within}.`, extra, {
    'Retry-After': headers['X-RateLimit-Reset'],
  });
}

/** A request that is refused for its token counts as one without. @throws {Problem} 429, or what `identify` throws */
export async function countRefused<T>(
  context: Limiting,
  req: Request,
  res: Response,
  identify: () => Promise<T>,
): Promise<T> {
  try {
    return await identify();
  } catch (refusal) {
    if (refusal instanceof Problem) await limit(context, req, res, null);
    throw refusal;
  }
}

/** @throws where there is no such limit, before anything is served */
export function ownLimitOf({ name, limit }: Pick<CommandDefinition, 'name' | 'limit'>): ApiLimit | undefined {
  if (limit === undefined || limit in LIMITS) return limit as ApiLimit | undefined;
  throw new Error(`${name} has a limit that there is not: ${limit}`);
}

/**
 * A command's own limit. A repetition under an Idempotency-Key is not counted and not refused: its answer is what became of
 * the first. @throws {Problem} 429
 */
export async function limitOwn(
  context: Limiting & { acceptor: Pick<Acceptor, 'findFingerprint'> },
  type: ApiLimit | undefined,
  req: Request,
  res: Response,
  actor: Actor | null,
): Promise<void> {
  if (type === undefined) return;
  const key = readIdempotencyKey(req, []);
  const isRepetition = key && actor && (await context.acceptor.findFingerprint({ scope: actor.id, key })) !== undefined;
  if (!isRepetition) await limit(context, req, res, actor, type);
}

function headersOf({ limit, remaining, reset_ms }: { limit: number; remaining: number; reset_ms: number }) {
  return {
    'X-RateLimit-Limit': `${limit}`,
    'X-RateLimit-Remaining': `${remaining}`,
    'X-RateLimit-Reset': `${Math.ceil(reset_ms / 1_000)}`,
  };
}
