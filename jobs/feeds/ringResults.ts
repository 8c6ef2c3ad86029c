/** A result that was handed in rings for a worker; one whose doorbell is lost is found by the overdue poll. */
import { kindOf } from '../../src/core/definitions/stream.ts';
import { type MatchResults, matchStream } from '../../src/feeds/results/matchResults.ts';
import type { Follower } from '../apply/follower.ts';
import { POST_RESULT } from './jobs.ts';

export const ringResults: Follower = ({ moved }, { queues, log }) => {
  const handed = [...moved].flatMap(([stream, { state }]) => {
    if (kindOf(stream) !== matchStream.kind) return [];
    return (state as MatchResults).waiting?.id ?? [];
  });
  return handed.map(async (result_id) => {
    try {
      await queues.queue('default').add(POST_RESULT, { result_id }, { jobId: `result-${result_id}` });
    } catch (err) {
      log.debug({ err, result_id }, 'ringing doorbell failed; the overdue poll finds the result');
    }
  });
};
