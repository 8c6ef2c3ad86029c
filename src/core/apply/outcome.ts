/**
 * How a command ends, and what happens to one that does not: outcomes, faults, and the attempts that both count.
 *
 *                 ┌────────── fault: again after RETRY_IN_MS ──────────┐
 *                 ▼                                                    │
 *   accepted ── decide ──┬── events ──────────────────────────▶ applied
 *                        ├── a rejection, or If-Match is late ▶ rejected
 *                        └── a fault at attempt MAX_ATTEMPTS ─▶ dead
 */
import type { JsonObject } from '../definitions/event.ts';
import { type ProblemBody, problemBody } from '../definitions/problem.ts';
import type { CommandStatus, PendingCommand } from './inbox.ts';

/** The end of a command, as it is stored and sent to the API instance that waits for it. */
export interface Outcome {
  id: string;
  name: string;
  status: Exclude<CommandStatus, 'accepted'>;
  attempts: number;
  finished_at: string;
  /** The JSON text that ends the command's answer. */
  body: string;
  reply_to: string;
  /** Of the request that sent the command. */
  request_id: string;
  traceparent: string | null;
  /** What is stored in the place of the input, where not all of it is kept. */
  input?: JsonObject | undefined;
}

/** A command that could not be decided: it is tried again after `retry_in_ms`, and its stream waits for it. */
export interface CommandFault {
  id: string;
  name: string;
  stream: string;
  streams: string[];
  request_id: string;
  traceparent: string | null;
  attempts: number;
  error: string;
  /** 0 when the command is dead. */
  retry_in_ms: number;
}

/** A stream that this worker cannot work on just now, through no fault of its commands. */
export interface Postponed {
  /** Every stream that its next command locks. */
  streams: string[];
  /** `locked`: another transaction holds a lock that it needs. `newer`: only a newer version knows what it holds. */
  reason: 'locked' | 'newer';
  detail: string;
  /** The id of its first pending command, where it could be seen. */
  first?: string;
  /** It was met by waiting for a lock in vain: so not the stream's row is locked, but one that its commands write. */
  isSlow?: boolean;
}

/** How a command ended, without what the outcome takes from the command itself. */
export type Ending = Pick<Outcome, 'status' | 'attempts' | 'finished_at' | 'body' | 'input'>;

export const MAX_ATTEMPTS = 3;
/** By the number of attempts made. */
const RETRY_IN_MS = [0, 1_000, 4_000];

export function outcomeOf({ id, name, reply_to, request_id, traceparent }: PendingCommand, ending: Ending): Outcome {
  return { id, name, ...ending, reply_to, request_id, traceparent };
}

/** The number of this attempt, from 1. An attempt that was committed before it is made is counted already. */
export function attemptOf({ attempts }: PendingCommand, isPreCounted: boolean): number {
  return isPreCounted ? attempts : Math.min(attempts + 1, MAX_ATTEMPTS);
}

/** @throws when all attempts were spent before this one: the last of them took its process down */
export function demandAttemptLeft({ attempts, last_error }: PendingCommand, isPreCounted: boolean): void {
  if (attempts < MAX_ATTEMPTS || isPreCounted) return;
  throw new Error(last_error ?? 'the process ended while it was tried');
}

export function faultOf(command: PendingCommand, attempts: number, error: unknown): CommandFault {
  const { id, name, stream, streams, request_id, traceparent } = command;
  // A NUL is the one character that Postgres does not store in a text.
  const message = (error instanceof Error ? error.message : String(error)).replaceAll('\u0000', '');
  const retry_in_ms = RETRY_IN_MS[attempts] ?? 0;
  return { id, name, stream, streams, request_id, traceparent, attempts, error: message, retry_in_ms };
}

export function deadBody(attempts: number): string {
  const detail = `The command failed ${attempts} times and was set aside; an operator can redrive it.`;
  return rejectedBody(problemBody('command_dead', detail));
}

export function rejectedBody(problem: ProblemBody): string {
  return JSON.stringify({ problem });
}
