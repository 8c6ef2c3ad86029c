/** The words of the sockets of feeds: what is said there, how clients' messages are read, and how those are refused that do not come in. */
import type { ProblemBody } from '../../core/definitions/problem.ts';
import { type FeedClientMessage, type FeedMessage, feedClientMessages } from '../../live/feedMessages.ts';
import type { Prepared } from '../listeners/prepared.ts';
import type { RefusedInWords } from '../listeners/reception.ts';

/** At once, on one connection. */
export const MOST_SUBSCRIPTIONS = 25;

const POLICY_VIOLATION = 1008;

export function prepareFeed(message: FeedMessage): Prepared {
  return { type: message.type, text: JSON.stringify(message) };
}

export function prepareError(code: string, detail: string, match_id: string | null = null): Prepared {
  return prepareFeed({ type: 'error', code, detail, match_id });
}

export const NOT_ALLOWED = prepareError(
  'message_not_allowed',
  'Only subscribe {match_id, tiers}, unsubscribe {match_id}, ping, pong and REAUTH {token} are understood here, one JSON object each. Nothing was changed.',
);

/** @returns undefined for what is none */
export function readFeedMessage(said: unknown): FeedClientMessage | undefined {
  const type = typeof said === 'object' && said !== null && 'type' in said ? String(said.type) : '';
  if (!Object.hasOwn(feedClientMessages, type)) return undefined;
  return feedClientMessages[type as keyof typeof feedClientMessages].safeParse(said).data;
}

export function wordsOfRefusal({ code: problem, detail = '' }: ProblemBody): RefusedInWords {
  const code = problem === 'unauthenticated' ? 'auth_required' : problem;
  const message: FeedMessage = { type: 'error', code, detail, match_id: null };
  return { code, message, close: POLICY_VIOLATION };
}
