/** How anything that was thrown is answered. Faults tell nothing of our insides. */
import { Problem, type ProblemBody, problemBody } from '../core/definitions/problem.ts';
import { isUnavailable } from './postgres/database.ts';

export function asProblem(error: unknown): { body: ProblemBody; headers: Record<string, string> } {
  if (error instanceof Problem) return error;
  if (isUnavailable(error)) return { body: problemBody('unavailable'), headers: { 'Retry-After': '2' } };
  // Express and its parsers say so of a request that they cannot read.
  const { status } = error as { status?: number };
  if (status !== undefined && status >= 400 && status < 500) return { body: problemBody('bad_request'), headers: {} };
  return { body: problemBody('internal_error'), headers: {} };
}

/** With the page that explains its code as its type, where it is known at which address that is. */
export function explained(body: ProblemBody, public_url: string | undefined): ProblemBody {
  if (public_url === undefined) return body;
  return { ...body, type: `${public_url.replace(/\/+$/, '')}/problem/${body.code}` };
}
