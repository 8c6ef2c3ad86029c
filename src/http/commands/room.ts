/** Is there room for one more command? One that would wait in vain, or push others out, is refused before it is stored. */
import { Problem } from '../../core/definitions/problem.ts';
import type { BacklogWatch, Refusal, Sender } from '../../infra/backlog/backlogWatch.ts';
import type { Metrics } from '../../infra/telemetry/metrics.ts';

export interface Room {
  /** @throws {Problem} 503 where too much waits, or Postgres is away for long */
  demand(sender: Sender): void;
  /** @throws {Problem} 503 backlog */
  turnAway(why: Refusal | 'lane'): never;
}

/** What a refused sender is asked to wait: a few looks at the backlog, and a few thousand commands. */
const RETRY_AFTER_SECONDS = 5;
const WHY: Record<Refusal | 'lane', string> = {
  shut: 'What was accepted before is worked off first.',
  share: 'What your institution sent before is worked off first.',
  apart: 'What galleries and others beside the court sent before is worked off first.',
  stuck: 'What was accepted for this before waits for a lock or for its next attempt.',
  lane: 'More comes in than can be stored just now.',
};

export function createRoom(backlog: BacklogWatch, isAway: () => boolean, metrics: Metrics): Room {
  function demand(sender: Sender): void {
    if (isAway()) throw new Problem('unavailable', 'Nothing of this request is stored.', {}, { 'Retry-After': '2' });
    const refusal = backlog.refusalOf(sender);
    if (refusal) turnAway(refusal);
  }

  function turnAway(why: Refusal | 'lane'): never {
    metrics.backlogRefusals.inc();
    const detail = `${WHY[why]} Nothing of this request is stored.`;
    throw new Problem('backlog', detail, {}, { 'Retry-After': `${RETRY_AFTER_SECONDS}` });
  }

  return { demand, turnAway };
}
