/** What came of a result at the site: its ballot there, or why there is none. The system says so once. */
import { z } from 'zod';
import { defineSystemCommand } from '../../access/defineCommand.ts';
import { defineEvent } from '../../core/definitions/event.ts';
import { id } from '../../core/definitions/schemas.ts';
import { type MatchResults, matchStream, theMatch } from './matchResults.ts';

/** One that was handed in since waits on. */
function withSettled(match: MatchResults, result_id: string): MatchResults {
  return match.waiting?.id === result_id ? { ...match, waiting: null } : match;
}

export const resultPosted = defineEvent({
  stream: matchStream,
  type: 'PROCEDURAL_MATCH_RESULT_POSTED',
  payload: z.strictObject({ result_id: id, ballot_id: z.string() }),
  evolve: (match, { payload }) => withSettled(match, payload.result_id),
  project: () => [],
});

export const resultFailed = defineEvent({
  stream: matchStream,
  type: 'PROCEDURAL_MATCH_RESULT_FAILED',
  payload: z.strictObject({ result_id: id, why: z.string() }),
  evolve: (match, { payload }) => withSettled(match, payload.result_id),
  project: () => [],
});

const body = z.strictObject({
  match_id: id,
  result_id: id,
  /** Null where it failed; then `why` says why. */
  ballot_id: z.string().nullable(),
  why: z.string().nullable(),
});

export const settleResult = defineSystemCommand({
  name: 'match.settle',
  summary: 'Record what came of a result that was sent to the tournament software',
  body,
  locks: ({ match_id }) => [theMatch(match_id)],
  decide: (_, { input: { result_id, ballot_id, why } }) => [
    ballot_id === null ? resultFailed({ result_id, why: why! }) : resultPosted({ result_id, ballot_id }),
  ],
  result: (_, { input: { match_id: id } }) => ({ id }),
  records: [resultPosted, resultFailed],
  rejects: [],
});
