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
  not_presiding: [403, 'Only the presiding judge may do this'],
  not_opposing: [403, 'Only the other side objects'],
  not_raiser: [403, 'Only who raised the objection may do this'],
  not_own_side: [403, 'Only its own side, or the bench, may do this'],
  not_found: [404, 'Not found'],
  method_not_allowed: [405, 'This method is not allowed here'],
  invalid_transition: [409, 'The session cannot change to this state'],
  session_exists: [409, 'The assignment already has a session'],
  session_completed: [409, 'The session is completed'],
  session_under_way: [409, 'The session is under way'],
  assignment_cancelled: [409, 'The match was called off'],
  already_on_roster: [409, 'The roster names this person already'],
  recording_exists: [409, 'The session has this recording already'],
  recording_limit: [409, 'The session has as many recordings as it may have'],
  not_joined: [409, 'You are not in this session'],
  not_stale: [409, 'There is still life in it'],
  session_not_active: [409, 'The session is not active'],
  turn_active: [409, 'A turn is under way'],
  turn_not_active: [409, 'This turn is not under way'],
  turn_not_planned: [409, 'This turn has begun or been waived'],
  turn_not_ended: [409, 'This turn has not ended'],
  turn_expired: [409, 'The time of this turn is up'],
  deadline_moved: [409, 'The turn has another deadline'],
  deadline_not_reached: [409, 'There is time left'],
  time_not_available: [409, 'The format does not leave so much time'],
  time_protected: [409, 'The bench asks nothing in this part of the turn'],
  extension_too_long: [409, 'The format does not allow so long an extension'],
  not_a_rebuttal: [409, 'This is not a rebuttal that can be reserved or waived'],
  rebuttal_not_reserved: [409, 'The rebuttal is not reserved'],
  rebuttal_out_of_bounds: [409, 'The format does not allow such a rebuttal'],
  rebuttal_fixed: [409, 'The rebuttal cannot be changed any more'],
  question_open: [409, 'A question of the bench is open'],
  question_not_open: [409, 'No question of the bench is open'],
  floor_taken: [409, 'The bench has the floor'],
  floor_not_taken: [409, 'The bench does not have the floor'],
  not_on_roster: [409, 'The roster does not name this person so'],
  objection_pending: [409, 'An objection waits for its ruling'],
  objection_decided: [409, 'The objection is ruled or withdrawn'],
  objections_barred: [409, 'No objections are heard in this segment'],
  objection_limit: [409, 'No more objections are heard in this turn'],
  ground_not_heard: [409, 'The format does not hear this ground'],
  exhibit_marked: [409, 'The exhibit has its number'],
  exhibit_not_marked: [409, 'The exhibit has no number yet'],
  exhibit_tendered: [409, 'The exhibit waits for its ruling'],
  exhibit_not_tendered: [409, 'The exhibit is not tendered'],
  exhibit_decided: [409, 'The exhibit is ruled on or withdrawn'],
  exhibit_limit: [409, 'The side has no more exhibits'],
  not_dead: [409, 'Only a dead command can be redriven'],
  precondition_failed: [412, 'The stream has moved on'],
  too_large: [413, 'The body is too large'],
  unsupported_type: [415, 'The body is of a type that is not taken here'],
  images_not_allowed: [415, 'The format of this session takes no images'],
  validation_failed: [422, 'The request does not fit its schema'],
  idempotency_key_reused: [422, 'This idempotency key belongs to another request'],
  rate_limited: [429, 'Too many requests'],
  command_dead: [500, 'The command failed and was set aside'],
  file_damaged: [500, 'The file is not what was recorded'],
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
