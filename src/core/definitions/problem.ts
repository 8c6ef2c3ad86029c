/**
 * Problems: every refusal has a code of a closed list and is answered as RFC 9457 `application/problem+json`.
 * A rejection is the same thing met by `decide`: a value and an outcome, never an exception. Each noun defines the
 * codes of its own; src/modules.ts joins them with the machine's.
 */

import { MACHINE_PROBLEMS } from './machineProblems.ts';

/** What a code means beyond its title, and what to do, are sentences for people; names of fields stand in backticks. */
export type ProblemKind = readonly [status: number, title: string, meaning: string, remedy: string];
export type Problems = { readonly [code: string]: ProblemKind };

/** The codes of each of these tables. */
type CodeOf<Table extends Problems> = Table extends Table ? keyof Table & string : never;

/** code: [HTTP status, title, what it means, what to do] */
export function defineProblems<const Table extends Problems>(table: Table): Table {
  return table;
}

/** Tables as one. @throws where two of them share a code */
export function joinProblems<Tables extends readonly Problems[]>(
  ...tables: Tables
): { readonly [Code in CodeOf<Tables[number]>]: ProblemKind } {
  const codes = tables.flatMap((table) => Object.keys(table));
  const twice = codes.find((code, i) => codes.indexOf(code) < i);
  if (twice !== undefined) throw new Error(`two problems with the code ${twice}`);
  return Object.assign({}, ...tables);
}

/** The machine's own: what any request or command may meet. */
export const PROBLEMS = defineProblems(MACHINE_PROBLEMS);

export type ProblemCode = keyof typeof PROBLEMS;

export interface ProblemBody {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: string;
  instance?: string;
  command_id?: string;
  [extra: string]: unknown;
}

/** The RFC 9457 body of a code. `extra` may carry `errors`, `from` and `to`, `command_id` and the like. */
export function problemBody(code: ProblemCode, detail?: string, extra: object = {}): ProblemBody {
  return bodyOf(code, PROBLEMS[code], detail, extra);
}

function bodyOf(code: string, [status, title]: ProblemKind, detail = `${title}.`, extra: object = {}): ProblemBody {
  return { type: `urn:plearoll:problem:${code}`, title, status, detail, code, ...extra };
}

/** A decision against a command. */
export interface Rejection<Code extends string = string> {
  rejected: Code;
  problem: ProblemBody;
}

/** A `reject` that knows the codes of this table and the machine's own. */
export function rejectWith<Table extends Problems>(table: Table) {
  const known: Problems = joinProblems(PROBLEMS, table);
  return <Code extends CodeOf<Table> | ProblemCode>(code: Code, detail: string, extra?: object): Rejection<Code> => ({
    rejected: code,
    problem: bodyOf(code, known[code]!, detail, extra),
  });
}

export function isRejection(decision: object): decision is Rejection {
  return 'rejected' in decision;
}

/** A refusal at the door, thrown by what serves a request and answered by one place. Nothing has been stored. */
export class Problem extends Error {
  readonly body: ProblemBody;
  readonly headers: Record<string, string>;

  /** @param refused a code; or a rejection that is sure to come, given at the door already */
  constructor(refused: ProblemCode | Rejection, detail?: string, extra?: object, headers: Record<string, string> = {}) {
    const body = typeof refused === 'string' ? problemBody(refused, detail, extra) : refused.problem;
    super(`${body.code}: ${body.detail}`);
    this.body = body;
    this.headers = headers;
  }
}
