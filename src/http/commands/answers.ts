/** How the state of a command is answered. An outcome's JSON text goes out as the worker wrote it. */
import type { Response } from 'express';
import type { CommandState } from '../../core/apply/inbox.ts';
import type { Actor } from '../../core/definitions/actor.ts';
import type { IssueLink, IssueTicket, Mutation } from '../../core/definitions/command.ts';
import type { JsonObject } from '../../core/definitions/event.ts';
import type { ProblemBody } from '../../core/definitions/problem.ts';
import { explained } from '../../infra/asProblem.ts';
import type { Reply } from '../../infra/broadcast/replies.ts';
import { sendProblem } from '../problems.ts';

export function commandUrl(id: string): string {
  return `/api/command/${id}`;
}

interface Answered {
  definition: Mutation;
  input: JsonObject;
  actor: Actor;
  issueTicket: IssueTicket;
  issueLink: IssueLink;
  /** Of the result as it is answered, and nowhere else. */
  added?: JsonObject | undefined;
}

/** Accepted, no outcome yet: 202 with the place to ask. */
export function answerAccepted(res: Response, state: CommandState): void {
  res.status(202).set({ Location: commandUrl(state.id), 'Retry-After': '1', 'Cache-Control': 'no-store' });
  res.json(stateBody(state));
}

/** @param request_id of the request that sent the command: a repetition is answered as the first was */
export function answerOutcome(res: Response, reply: Reply, request_id: string, answered: Answered): void {
  const { id, status, body } = reply;
  if (status !== 'applied') {
    const { problem } = JSON.parse(body) as { problem: ProblemBody };
    if (status === 'dead') res.set('Location', commandUrl(id));
    if (typeof problem.retry_after_ms === 'number') {
      const seconds = String(Math.ceil(problem.retry_after_ms / 1_000));
      res.set('Retry-After', seconds);
      // Of the limit that refused it, which is not that of the requests the door counts.
      if (typeof problem.limit === 'number') {
        res.set({
          'X-RateLimit-Limit': `${problem.limit}`,
          'X-RateLimit-Remaining': '0',
          'X-RateLimit-Reset': seconds,
        });
      }
    }
    sendProblem(res, { ...problem, instance: commandUrl(id), command_id: id, request_id });
    return;
  }
  const { creates } = answered.definition;
  if (creates !== undefined) res.set('Location', `${fill(creates, answered.input)}/${id}`);
  res.statusCode = creates === undefined ? 200 : 201;
  res.setHeader('Content-Type', 'application/json; charset=utf-8');
  // The hot path: what Express would add here (an entity tag, a look at freshness) a POST has no use for.
  res.end(`{"command_id":"${id}","status":"applied",${withTicket(reply, answered).slice(1)}`);
}

/** A command as `GET /api/command/<id>` shows it. */
export function stateBody(state: CommandState, public_url?: string, answered?: Answered): JsonObject {
  const { id, name, request_id, status, attempts, accepted_at, finished_at, outcome } = state;
  const body: JsonObject = { command_id: id, name, status, attempts, accepted_at, finished_at };
  if (outcome === null) return body;
  const parsed = JSON.parse(answered ? withTicket({ id, status, body: outcome }, answered) : outcome) as JsonObject;
  const problem = parsed.problem as ProblemBody | undefined;
  if (problem) {
    parsed.problem = { ...explained(problem, public_url), instance: commandUrl(id), command_id: id, request_id };
  }
  return { ...body, ...parsed };
}

function withTicket({ id, status, body }: { id: string; status: string; body: string }, answered: Answered): string {
  const { definition, input, actor, issueTicket, issueLink, added } = answered;
  if ((!definition.answer && !added) || status !== 'applied') return body;
  const outcome = JSON.parse(body) as JsonObject & { result: JsonObject };
  const command = { id, input, actor };
  const result = definition.answer?.(outcome.result, command, issueTicket, issueLink) ?? outcome.result;
  return JSON.stringify({ ...outcome, result: { ...result, ...added } });
}

function fill(path: string, input: JsonObject): string {
  return path.replace(/:(\w+)/g, (_, name: string) => String(input[name]));
}
