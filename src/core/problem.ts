/**
 * Problems: every refusal has a code of this closed list and is answered as RFC 9457 `application/problem+json`.
 * A rejection is the same thing met by `decide`: a value and an outcome, never an exception.
 */

/** code: [HTTP status, title]. What is not here does not exist. */
export const PROBLEMS = {
  malformed_json: [400, 'The body is not valid JSON'],
  bad_request: [400, 'The request cannot be read'],
  unauthenticated: [401, 'A valid token is needed'],
  forbidden: [403, 'Your role may not do this'],
  feature_disabled: [403, 'This feature is switched off'],
  role_not_on_roster: [403, 'The roster does not give you this role'],
  not_on_panel: [403, 'Only a judge of this panel may do this'],
  not_found: [404, 'Not found'],
  method_not_allowed: [405, 'This method is not allowed here'],
  invalid_transition: [409, 'The session cannot change to this state'],
  session_exists: [409, 'The assignment already has a session'],
  session_completed: [409, 'The session is completed'],
  not_joined: [409, 'You are not in this session'],
  not_stale: [409, 'There is still life in it'],
  not_dead: [409, 'Only a dead command can be redriven'],
  precondition_failed: [412, 'The stream has moved on'],
  too_large: [413, 'The body is too large'],
  unsupported_type: [415, 'The body must be JSON'],
  validation_failed: [422, 'The request does not fit its schema'],
  idempotency_key_reused: [422, 'This idempotency key belongs to another request'],
  rate_limited: [429, 'Too many requests'],
  command_dead: [500, 'The command failed and was set aside'],
  internal_error: [500, 'Something went wrong on our side'],
  unavailable: [503, 'The record cannot be reached just now'],
  backlog: [503, 'Too much is waiting already'],
} as const satisfies Record<string, readonly [number, string]>;

export type ProblemCode = keyof typeof PROBLEMS;

export interface ProblemBody {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: ProblemCode;
  instance?: string;
  command_id?: string;
  [extra: string]: unknown;
}

/** The RFC 9457 body of a code. `extra` may carry `errors`, `from` and `to`, `command_id` and the like. */
export function problemBody(code: ProblemCode, detail?: string, extra: object = {}): ProblemBody {
  const [status, title] = PROBLEMS[code];
  return { type: `urn:plearoll:problem:${code}`, title, status, detail: detail ?? `${title}.`, code, ...extra };
}

/** A refusal at the door, thrown by what serves a request and answered by one place. Nothing has been stored. */
export class Problem extends Error {
  readonly body: ProblemBody;
  readonly headers: Record<string, string>;

  constructor(code: ProblemCode, detail?: string, extra: object = {}, headers: Record<string, string> = {}) {
    super(`${code}: ${detail ?? PROBLEMS[code][1]}`);
    this.body = problemBody(code, detail, extra);
    this.headers = headers;
  }
}

/** A decision against a command. */
export interface Rejection {
  rejected: ProblemCode;
  detail: string;
  extra: object;
}

export function reject(code: ProblemCode, detail: string, extra: object = {}): Rejection {
  return { rejected: code, detail, extra };
}
