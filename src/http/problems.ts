/** Every refusal and every fault leaves through here, as RFC 9457 problem details. */
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { Problem, type ProblemBody } from '../core/definitions/problem.ts';
import { asProblem, explained } from '../infra/asProblem.ts';
import type { Log } from '../infra/telemetry/log.ts';

/** Of a problem's text and of its whole body: a request must not be answered with many times itself. */
const MAX_TEXT = 1_000;
const MAX_INSTANCE = 200;
const MAX_BODY_BYTES = 64 * 1024;

export function sendProblem(res: Response, body: ProblemBody, headers: Record<string, string> = {}): void {
  res.status(body.status).set(headers).set('Cache-Control', 'no-store');
  const { request_id = res.locals.request_id, ...rest } = explained(body, res.app.locals.public_url);
  const shown = { ...rest, request_id };
  res.type('application/problem+json').send(boundedText(shown as ProblemBody));
}

/** A list of faults too long for the body is cut; whatever else is too long is left out. */
function boundedText(problem: ProblemBody): string {
  const { type, title, status, code, command_id, request_id, instance } = problem;
  const detail = problem.detail.slice(0, MAX_TEXT).toWellFormed();
  const cut = { ...problem, detail, ...(instance !== undefined && { instance: instance.slice(0, MAX_INSTANCE) }) };
  const { errors = [], more = 0 } = problem as { errors?: unknown[]; more?: number };
  for (let kept = errors.length; kept > 0; kept = Math.floor(kept / 2)) {
    const left = more + errors.length - kept;
    const text = JSON.stringify({ ...cut, errors: errors.slice(0, kept), ...(left > 0 && { more: left }) });
    if (Buffer.byteLength(text) <= MAX_BODY_BYTES) return text;
  }
  const text = JSON.stringify(cut);
  if (Buffer.byteLength(text) <= MAX_BODY_BYTES) return text;
  return JSON.stringify({ type, title, status, detail, code, command_id, request_id, instance: cut.instance });
}

export const answerUnknownPath: RequestHandler = () => {
  throw new Problem('not_found', 'There is nothing at this path.');
};

/** Asked of the API, which is no relay, or without the wish to upgrade. */
export const answerSocketPath: RequestHandler = () => {
  throw new Problem(
    'not_found',
    'Sockets are served by the relay, on RELAY_PORT (3001) where it is a process of its own.',
  );
};

/** For a path that exists with other methods. OPTIONS is answered with what there is. */
export function answerOtherMethods(methods: string[]): RequestHandler {
  const allow = methods.includes('GET') ? ['HEAD', ...methods].join(', ') : methods.join(', ');
  return (req, res) => {
    if (req.method !== 'OPTIONS') throw new Problem('method_not_allowed', `Use ${allow}.`, {}, { Allow: allow });
    res.set('Allow', allow).status(204).end();
  };
}

/** @param note is told of each problem before it is answered */
export function answerProblems(log: Log, note?: (res: Response, problem: ProblemBody) => void) {
  return (error: unknown, req: Request, res: Response, next: NextFunction): void => {
    if (res.headersSent) {
      next(error);
      return;
    }
    const problem = asProblem(error);
    // Refusals for a backlog or a store that is away come by the thousand; their beginning and end are logged.
    const isRefusal = error instanceof Problem && problem.body.status === 503;
    const isFault = problem.body.status >= 500 && !isRefusal;
    if (isFault) log.error({ err: error, request_id: res.locals.request_id }, 'request failed');
    note?.(res, problem.body);
    sendProblem(res, { instance: req.originalUrl.split('?')[0]!, ...problem.body }, problem.headers);
  };
}
